import type { Config } from '#config.ts'
import type { ComponentRegistry } from '#ports/component-registry.ts'
import { api, connect } from '../../client.ts'

/** The registry is a folder of the home and needs no server, unless MILLWRIGHT_URL names one. */
export async function componentRegistry(config: Config): Promise<ComponentRegistry> {
  if (config.serverUrl === undefined) {
    const { homeComponents } = await import('#main/ml-components.ts')
    return homeComponents(config)
  }
  const client = connect(config)
  return {
    register: (file, as) => client.post('/api/ml/components', { file, ...as }),
    list: name => client.get('/api/ml/components', { name }),
    find: reference => client.get(api`/api/ml/components/${reference}`),
  }
}
