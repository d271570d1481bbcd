import { UserError } from '#errors.ts'

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** The name as it is. Throws UserError unless it is one by the OCI distribution specification. */
export function checkedRepository(name: string): string {
  if (name.length <= 255 && REPOSITORY.test(name)) return name
  throw new UserError('repository-name', `${JSON.stringify(name)} can't be the name of an image repository`, {
    hint: 'use lower-case letters, digits and single separators, e.g. machine-failure',
  })
}

/** The tag as it is. Throws UserError unless it is one by the OCI distribution specification. */
export function checkedTag(tag: string): string {
  if (TAG.test(tag)) return tag
  throw new UserError('image-tag', `${JSON.stringify(tag)} can't be a tag of an image`, {
    hint: 'use at most 128 letters, digits, dots, dashes and underscores',
  })
}
