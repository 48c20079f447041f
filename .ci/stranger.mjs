// The vendor's JavaScript client, @bitrix24/b24jssdk, against a portal: `node stranger.mjs WEBHOOK COMPANIES`.
import assert from 'node:assert/strict'
import { B24Hook } from '@bitrix24/b24jssdk'

const [webhook, companies] = [process.argv[2], Number(process.argv[3])]
const portal = B24Hook.fromWebhookUrl(webhook)
portal.offClientSideWarning?.()
const { call, batch, callList, fetchList } = portal.actions.v2
const value = (answer) => {
  assert.ok(answer.isSuccess, answer.getErrorMessages?.().join('; '))
  return answer.getData()
}

const id = value(await call.make({ method: 'crm.item.add', params: { entityTypeId: 2, fields: { title: 'from b24jssdk', opportunity: 7 } } })).result.item.id
const found = value(await call.make({ method: 'crm.item.get', params: { entityTypeId: 2, id } })).result.item
assert.equal(found.title, 'from b24jssdk')

const wanted = Array.from({ length: companies }, (_, i) => `Company ${i}`).sort()
const params = { entityTypeId: 4, select: ['id', 'title'] }
const listed = value(await callList.make({ method: 'crm.item.list', params, idKey: 'id', customKeyForResult: 'items' }))
assert.deepEqual(listed.map((item) => item.title).sort(), wanted)
const fetched = []
for await (const page of fetchList.make({ method: 'crm.item.list', params, idKey: 'id', customKeyForResult: 'items' })) fetched.push(...page)
assert.deepEqual(fetched.map((item) => item.title).sort(), wanted)

const both = value(await batch.make({
  calls: {
    Made: { method: 'crm.company.add', params: { fields: { TITLE: 'one more' } } },
    Read: { method: 'crm.company.get', params: { id: '$result[Made]' } }
  },
  options: { isHaltOnError: true, returnAjaxResult: false }
}))
assert.equal(both.Read.TITLE, 'one more')

const missing = await call.make({ method: 'crm.item.get', params: { entityTypeId: 2, id: 10 ** 6 } }).catch((error) => error)
assert.ok(missing instanceof Error || !missing.isSuccess, 'a deal that is not there was given')
console.log('b24jssdk: add, get, two kinds of listing, batch with a reference, error: as from a portal')
