import { readConfig } from '#config.ts'
import { codeHostContract } from '../../../test/contracts/code-host.ts'
import { localCodeHost } from './code-host.ts'

codeHostContract('local', directory => localCodeHost({ directory, gitEnv: readConfig().inheritedEnv }))
