// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that the guest creates and names by a number.
 *
 * Numbers are given out in turn, so that one that was freed does not come back
 * soon: what still uses it is then told so, instead of hitting its successor.
 */
#include <stdlib.h>

#include "emu.h"

/**
 * table_init - make a table of objects of one kind
 * @t: the table
 * @name: of the kind, in statistics
 * @first: the first number to give out
 * @end: one more than the last
 * @release: called before an object is freed, may be NULL
 */
void table_init(struct table *t, const char *name, u32 first, u32 end,
		void (*release)(struct emu *e, struct object *o))
{
	*t = (struct table){ .name = name, .first = first, .end = end, .next = first,
			     .release = release };
	t->slot = calloc(end, sizeof(*t->slot));
	if (!t->slot)
		abort();
}

/**
 * table_add_at - create an object with a given number
 * @t: the table
 * @id: the number
 * @size: size of the object, which starts with a struct object
 *
 * Return: the object, all zero, or NULL if the number is taken
 */
void *table_add_at(struct table *t, u32 id, size_t size)
{
	struct object *o;

	if (id >= t->end || t->slot[id])
		return NULL;
	o = calloc(1, size);
	if (!o)
		return NULL;
	o->id = id;
	t->slot[id] = o;
	t->used++;
	t->created++;
	return o;
}

/**
 * table_add - create an object
 * @t: the table
 * @size: size of the object, which starts with a struct object
 *
 * Return: the object, all zero but for its number, or NULL if there are too many
 */
void *table_add(struct table *t, size_t size)
{
	u32 n, id;

	for (n = t->first; n < t->end; n++) {
		id = t->next;
		t->next = id + 1 < t->end ? id + 1 : t->first;
		if (!t->slot[id])
			return table_add_at(t, id, size);
	}
	return NULL;
}

/**
 * table_get - find an object
 * @t: the table
 * @id: its number, as the guest says it
 *
 * Return: the object, or NULL if there is none
 */
void *table_get(const struct table *t, u32 id)
{
	return id < t->end ? t->slot[id] : NULL;
}

/**
 * table_next - find the next object
 * @t: the table
 * @id: the number to start at; becomes that of the object
 *
 * Return: the object, or NULL if there is none any more
 */
void *table_next(const struct table *t, u32 *id)
{
	while (*id < t->end && !t->slot[*id])
		++*id;
	return table_get(t, *id);
}

/**
 * table_del - destroy an object
 * @e: the device
 * @t: the table
 * @id: its number, as the guest says it
 *
 * Return: a command status
 */
u8 table_del(struct emu *e, struct table *t, u32 id)
{
	struct object *o = table_get(t, id);

	if (!o)
		return ST_BAD_RES;
	if (o->refs)
		return ST_BAD_RES_STATE;
	if (t->release)
		t->release(e, o);
	t->slot[id] = NULL;
	t->used--;
	free(o);
	return ST_OK;
}

/**
 * table_clear - destroy all objects, whoever uses them
 * @e: the device
 * @t: the table
 */
void table_clear(struct emu *e, struct table *t)
{
	struct object *o;
	u32 i;

	for (i = 0; i < t->end; i++) {
		o = t->slot[i];
		if (!o)
			continue;
		o->refs = 0;
		table_del(e, t, i);
	}
	t->next = t->first;
}

/**
 * table_destroy - destroy the table as well
 * @e: the device
 * @t: the table
 */
void table_destroy(struct emu *e, struct table *t)
{
	table_clear(e, t);
	free(t->slot);
	t->slot = NULL;
}
