#include "store/change_log.h"

#include "base/wire.h"

/* Field numbers of lectern.v1.Change. */
enum { FIELD_ENTITY = 3, FIELD_ID = 5 };

uint64_t change_log_oldest(struct txn *txn)
{
	struct walk walk;
	uint64_t revision = txn_revision(txn) + 1;
	walk_start(&walk, txn, TABLE_CHANGE, slice_of(NULL, 0));
	if (walk_next(&walk) && !key_read_change(walk.key, &revision))
		txn_fail_corrupt(txn, "change log", 0);
	walk_end(&walk);
	return revision;
}

struct slice change_log_epoch(struct txn *txn)
{
	struct key key;
	struct slice epoch;
	key_meta(&key, META_EPOCH);
	return txn_get(txn, TABLE_META, &key, &epoch) ? epoch : slice_of("", 0);
}

bool change_log_subject(struct slice record, Lectern__V1__Entity *entity, uint64_t *id)
{
	struct wire_field field;
	*entity = LECTERN__V1__ENTITY__ENTITY_UNSPECIFIED;
	*id = 0;
	while (wire_next(&record, &field)) {
		if (field.number == FIELD_ENTITY && field.type == WIRE_VARINT)
			*entity = (Lectern__V1__Entity)field.value;
		else if (field.number == FIELD_ID && field.type == WIRE_VARINT)
			*id = field.value;
	}
	return record.size == 0 && *entity != LECTERN__V1__ENTITY__ENTITY_UNSPECIFIED && *id != 0;
}
