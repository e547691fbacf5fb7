// SPDX-License-Identifier: GPL-2.0
/* uart9: the recorder, debugfs pairN/record: every byte that was on the wire. */

#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/serial_reg.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "uart9.h"

#define U9_CHUNK	2048	/* records allocated at a time */

static unsigned int u9_chunks_max;

static int u9_record_grow(struct u9_recorder *rec)
{
	struct u9_record *chunk = vmalloc(array_size(U9_CHUNK, sizeof(*chunk)));

	if (!chunk)
		return -ENOMEM;
	rec->chunk[rec->chunks] = chunk;
	/* Pairs with the acquire in u9_record_add(): pointer before number. */
	smp_store_release(&rec->chunks, rec->chunks + 1);
	return 0;
}

static void u9_record_work(struct work_struct *work)
{
	struct u9_recorder *rec = container_of(work, struct u9_recorder, grow);
	unsigned int wanted = READ_ONCE(rec->count) / U9_CHUNK + 2;

	while (rec->chunks < min(wanted, u9_chunks_max))
		if (u9_record_grow(rec))
			return;
}

/* Append; under the pair lock, so without memory from the page allocator. */
void u9_record_add(struct u9_port *p, u64 start, u64 end, u16 bits, u16 did)
{
	struct u9_recorder *rec = &p->pair->rec;
	/* Pairs with the release in u9_record_grow(). */
	unsigned int room = smp_load_acquire(&rec->chunks) * U9_CHUNK;

	if (room - rec->count <= U9_CHUNK / 2)
		schedule_work(&rec->grow);
	if (rec->count == room) {
		rec->lost++;
		return;
	}
	rec->chunk[rec->count / U9_CHUNK][rec->count % U9_CHUNK] = (struct u9_record){
		.start = start, .end = end, .bits = bits, .did = did, .port = u9_port_nr(p),
	};
	rec->count++;
}

/* What the receiver of @p made of what it saw on its line. */
void u9_record_heard(struct u9_port *p, u64 start, u64 end, u16 bits, u8 err)
{
	u16 did = U9_DID_HEAR;

	if (err & UART_LSR_BI)
		did |= U9_DID_BREAK;
	else if (err & UART_LSR_FE)
		did |= U9_DID_FRAME;
	if (err & UART_LSR_OE)
		did |= U9_DID_OVERRUN;
	u9_record_add(p, start, end, bits, did);
}

static void *u9_record_at(struct u9_recorder *rec, loff_t pos)
{
	if (pos < rec->count)
		return &rec->chunk[(u32)pos / U9_CHUNK][(u32)pos % U9_CHUNK];
	return pos == rec->count && rec->lost ? SEQ_START_TOKEN : NULL;
}

static void *u9_record_start(struct seq_file *m, loff_t *pos)
{
	struct u9_pair *pair = m->private;
	unsigned long flags;

	mutex_lock(&pair->rec.mutex);
	/* What is over by now belongs into the list, even if no one looked. */
	raw_spin_lock_irqsave(&pair->lock, flags);
	u9_chip_kick(pair, u9_replay(pair));
	raw_spin_unlock_irqrestore(&pair->lock, flags);
	return u9_record_at(&pair->rec, *pos);
}

static void *u9_record_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct u9_pair *pair = m->private;

	return u9_record_at(&pair->rec, ++*pos);
}

static void u9_record_stop(struct seq_file *m, void *v)
{
	struct u9_pair *pair = m->private;

	mutex_unlock(&pair->rec.mutex);
}

static u64 u9_record_ns(u64 ticks)
{
	return div_u64(ticks + U9_TICKS_PER_NS / 2, U9_TICKS_PER_NS);
}

static int u9_record_show(struct seq_file *m, void *v)
{
	static const char letters[] = "bcdefimnohz";
	const struct u9_record *r = v;
	unsigned int i;

	/* After the last line: more was on the wire than the recorder holds. */
	if (v == SEQ_START_TOKEN)
		return -EOVERFLOW;
	seq_printf(m, "%u %llu %llu %03x ", r->port, u9_record_ns(r->start),
		   u9_record_ns(r->end), r->bits);
	for (i = 0; letters[i]; i++)
		if (r->did & BIT(i))
			seq_putc(m, letters[i]);
	seq_puts(m, r->did ? "\n" : "-\n");
	return 0;
}

static const struct seq_operations u9_record_seq_ops = {
	.start	= u9_record_start,
	.next	= u9_record_next,
	.stop	= u9_record_stop,
	.show	= u9_record_show,
};

static int u9_record_open(struct inode *inode, struct file *file)
{
	int ret = seq_open(file, &u9_record_seq_ops);

	if (!ret)
		((struct seq_file *)file->private_data)->private = inode->i_private;
	return ret;
}

/* Writing anything forgets what was recorded; a byte on the wire now comes later. */
static ssize_t u9_record_write(struct file *file, const char __user *buf, size_t n,
			       loff_t *pos)
{
	struct u9_pair *pair = file_inode(file)->i_private;
	unsigned long flags;

	mutex_lock(&pair->rec.mutex);
	raw_spin_lock_irqsave(&pair->lock, flags);
	u9_chip_kick(pair, u9_replay(pair));
	pair->rec.count = 0;
	pair->rec.lost = 0;
	raw_spin_unlock_irqrestore(&pair->lock, flags);
	mutex_unlock(&pair->rec.mutex);
	return n;
}

const struct file_operations u9_record_fops = {
	.owner		= THIS_MODULE,
	.open		= u9_record_open,
	.read		= seq_read,
	.write		= u9_record_write,
	.llseek		= seq_lseek,
	.release	= seq_release,
};

int u9_record_init(struct u9_pair *pair, unsigned int max)
{
	struct u9_recorder *rec = &pair->rec;

	u9_chunks_max = DIV_ROUND_UP(max, U9_CHUNK);
	mutex_init(&rec->mutex);
	INIT_WORK(&rec->grow, u9_record_work);
	rec->chunk = kvcalloc(u9_chunks_max, sizeof(*rec->chunk), GFP_KERNEL);
	if (!rec->chunk)
		return -ENOMEM;
	return u9_record_grow(rec);
}

void u9_record_exit(struct u9_pair *pair)
{
	struct u9_recorder *rec = &pair->rec;

	if (!rec->chunk)
		return;
	cancel_work_sync(&rec->grow);
	while (rec->chunks)
		vfree(rec->chunk[--rec->chunks]);
	kvfree(rec->chunk);
}
