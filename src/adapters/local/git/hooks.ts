import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Writes the hooks that run inside every `git push`: plain POSIX shell, because the server need not be running.
 * `pre-receive` refuses names we don't accept; `post-receive` records the push before the pusher's git returns.
 */
export async function installHooks(repository: string): Promise<void> {
  await mkdir(join(repository, 'hooks'), { recursive: true })
  await mkdir(join(repository, DELIVERIES), { recursive: true })
  await mkdir(join(repository, PUSHING), { recursive: true })
  for (const [name, script] of Object.entries({ 'pre-receive': PRE_RECEIVE, 'post-receive': POST_RECEIVE })) {
    await writeFile(join(repository, 'hooks', name), script)
    await chmod(join(repository, 'hooks', name), 0o755)
  }
}

/** Inside a repository: one file per recorded push, with lines `<old> <new> <ref>`. */
export const DELIVERIES = 'millwright/deliveries'

/** Inside a repository: one file per push whose record isn't written yet, named after its process. */
export const PUSHING = 'millwright/pushing'

/** What branches may be called, also said by the hook below. */
export const BRANCH_REF = /^refs\/heads(?:\/[A-Za-z0-9._][A-Za-z0-9._-]*)+$/

const PRE_RECEIVE = `#!/bin/sh
# Written by Millwright. Refs are data here: quoted, matched, printed, never evaluated.
LC_ALL=C
export LC_ALL
refuse() {
  printf 'Millwright: refused %s\\n  %s\\n' "$1" "$2" >&2
  exit 1
}
while read -r old new ref; do
  case "$ref" in
    *[!A-Za-z0-9._/-]*) refuse "$ref" 'Names of branches and topics are made of letters, digits, ".", "_", "-" and "/": rename it and push again.' ;;
    */-*) refuse "$ref" 'Parts of a name must not begin with "-": rename it and push again.' ;;
    refs/heads/?*) ;;
    refs/for/?*/?*) ;;
    refs/for/*) refuse "$ref" 'A pull request needs a topic: git push origin HEAD:refs/for/<branch>/<topic>' ;;
    refs/tags/*) refuse "$ref" 'Tags are not kept here: push without --tags.' ;;
    *) refuse "$ref" 'Push a branch, or a pull request: git push origin HEAD:refs/for/<branch>/<topic>' ;;
  esac
  case "$ref:$new" in
    refs/heads/main:*[!0]* | refs/heads/qa:*[!0]*) ;;
    refs/heads/main:* | refs/heads/qa:*) refuse "$ref" 'The branch of an environment cannot be deleted.' ;;
  esac
done
mkdir -p ${PUSHING} && : > "${PUSHING}/$PPID"
`

const POST_RECEIVE = `#!/bin/sh
# Written by Millwright. Records the push; the server reads the record when it runs.
umask 077
LC_ALL=C
export LC_ALL
record() {
  mkdir -p ${DELIVERIES} || return 1
  part=$(mktemp ${DELIVERIES}/.part.XXXXXXXX) || return 1
  cat > "$part" || return 1
  sync "$part" 2> /dev/null || sync
  time=$(date +%s%N)
  case "$time" in *N) time=$(date +%s)000000000 ;; esac
  mv "$part" "${DELIVERIES}/$time-\${part##*.}" || return 1
  sync ${DELIVERIES} 2> /dev/null || sync
}
if record; then
  echo 'Millwright: accepted, see \`millwright run list\`'
else
  echo 'Millwright: the push is stored but could not be recorded; the server will find it by looking at the branches'
fi
rm -f "${PUSHING}/$PPID"
`
