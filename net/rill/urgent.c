// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: urgent data, both ways: RFC 9293, 3.8.5. core/urg.h says what it is.
 *
 * Out: snd_up is the octet after the last urgent one, and urg_out says that it
 * means something. Every segment that begins before it has URG and a pointer
 * of its own, which is why none of them is longer than an MSS: a pointer is
 * relative to the sequence number next to it, and whoever cuts a super-segment
 * would copy it.
 *
 * In: urg_seq is the mark, urg_state what is known of the octet there. It is
 * copied aside when it comes, in order or not, and stays in the queue as well;
 * reading skips it.
 */
#include <net/tcp.h>

#include "core/seq.h"
#include "core/urg.h"
#include "proto.h"

/**
 * rill_urg_mode() - is there urgent data that was not acknowledged?
 * @rs: connection
 *
 * Context: the socket lock is held.
 * Return: whether there is.
 */
bool rill_urg_mode(const struct rill_sock *rs)
{
	return rs->urg_out && rill_after(rs->snd_up, rs->snd_una);
}

/**
 * rill_urg_sent() - the last byte that the program wrote is urgent
 * @rs: connection
 *
 * Context: the socket lock is held. UR-1.
 */
void rill_urg_sent(struct rill_sock *rs)
{
	rs->snd_up = rs->write_seq;
	rs->urg_out = 1;
}

/**
 * rill_urg_limit() - cut what is to be sent to what one pointer can serve
 * @rs: connection
 * @seq: first byte
 * @len: how many the sender has in mind
 *
 * Context: the socket lock is held.
 * Return: bytes, at most @len.
 */
u32 rill_urg_limit(const struct rill_sock *rs, u32 seq, u32 len)
{
	if (likely(!rill_urg_mode(rs)) || !rill_before(seq, rs->snd_up))
		return len;
	return min(len, rill_mss_now(rs));
}

/**
 * rill_urg_write() - set URG and the urgent pointer in a header, if they are due
 * @rs: connection, urg_out set
 * @th: header, filled but for its checksum
 * @seq: SEG.SEQ
 *
 * Segments without data have it too: behind a closed window they are all that
 * can tell the peer.
 *
 * Context: the socket lock is held.
 */
void rill_urg_write(struct rill_sock *rs, struct tcphdr *th, u32 seq)
{
	u16 field;

	if (!rill_urg_mode(rs)) {
		/* snd_up is forgotten before it can mean something again */
		rs->urg_out = 0;
		return;
	}
	field = rill_urg_field(seq, rs->snd_up, rs->snd_nxt);
	if (!field || th->rst)
		return;
	th->urg = 1;
	th->urg_ptr = htons(field);
}

/*
 * UR-5: an urgent byte that the program is about to step over is dropped when
 * the mark moves away from it; else it would turn up in the stream.
 */
static void rill_urg_step_over(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb;

	if (rs->urg_state == RILL_URG_NONE || rs->urg_seq != rs->copied_seq ||
	    sock_flag(sk, SOCK_URGINLINE) || rs->copied_seq == rs->rcv_nxt)
		return;
	WRITE_ONCE(rs->copied_seq, rs->copied_seq + 1);
	skb = skb_peek(&sk->sk_receive_queue);
	if (skb && !rill_before(rs->copied_seq, RILL_SEQ(skb) + skb->len))
		sk_eat_skb(sk, skb);
}

/* The peer says where its last urgent octet is. */
static void rill_urg_announced(struct sock *sk, u32 mark)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rill_urg_is_news(rs->urg_state, rs->urg_seq, mark, rs->copied_seq, rs->rcv_nxt))
		return;
	rill_urg_step_over(sk);
	WRITE_ONCE(rs->urg_seq, mark);
	WRITE_ONCE(rs->urg_state, RILL_URG_AWAITED);
	sk_send_sigurg(sk);	/* MUST-32 */
}

/**
 * rill_urg() - process a segment's URG bit: RFC 9293, 3.10.7.4, sixth
 * @sk: connection
 * @skb: the segment, acceptable, header pulled
 *
 * SM-14: nothing urgent comes after the peer's FIN.
 *
 * Context: the socket lock is held.
 */
void rill_urg(struct sock *sk, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct rill_sock *rs = rill_sk(sk);
	u32 off;

	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)))
		return;
	if (th->urg)
		rill_urg_announced(sk, rill_urg_mark(ntohl(th->seq), ntohs(th->urg_ptr)));
	off = rs->urg_seq - RILL_SEQ(skb);
	if (rs->urg_state != RILL_URG_AWAITED || off >= skb->len ||
	    skb_copy_bits(skb, off, &rs->urg_byte, 1))
		return;
	WRITE_ONCE(rs->urg_state, RILL_URG_HERE);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);	/* EPOLLPRI, however little there is to read */
}

/**
 * rill_urg_recv() - recv with MSG_OOB
 * @sk: connection
 * @msg: where to
 * @len: how much at most
 * @flags: MSG_*
 *
 * UR-2, UR-4, UR-6: never waits.
 *
 * Context: process; the socket lock is held.
 * Return: bytes or an errno of recv(2).
 */
int rill_urg_recv(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct rill_sock *rs = rill_sk(sk);

	if (sock_flag(sk, SOCK_URGINLINE) || rs->urg_state == RILL_URG_NONE ||
	    rs->urg_state == RILL_URG_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (rs->urg_state == RILL_URG_AWAITED)
		return sk->sk_state == TCP_CLOSE || sk->sk_shutdown & RCV_SHUTDOWN ? 0 : -EAGAIN;
	if (!(flags & MSG_PEEK))
		WRITE_ONCE(rs->urg_state, RILL_URG_READ);
	msg->msg_flags |= MSG_OOB;
	if (!len) {
		msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &rs->urg_byte, 1))
		return -EFAULT;
	return 1;
}

/**
 * rill_urg_stops() - has a read come to the mark?
 * @sk: connection
 * @seq: next byte to read
 * @copied: what the read has so far; an errno when a signal is to end it
 * @timeo: how long it may wait, jiffies
 *
 * A read never crosses the mark (UR-3), and a signal that waits, as SIGURG
 * may, is served before the program loses sight of it.
 *
 * Context: process; the socket lock is held.
 * Return: whether the read ends here.
 */
bool rill_urg_stops(struct sock *sk, u32 seq, int *copied, long timeo)
{
	if (likely(!rill_urg_at_mark(rill_sk(sk), seq)))
		return false;
	if (*copied)
		return true;
	if (!signal_pending(current))
		return false;
	*copied = timeo ? sock_intr_errno(timeo) : -EAGAIN;
	return true;
}

/**
 * rill_urg_read_span() - how much one copy of a read takes, and what it leaves out
 * @sk: connection
 * @seq: next byte to read
 * @len: how many are there, at least 1
 * @skip: out: bytes to leave out first, 0 or 1
 *
 * Context: process; the socket lock is held.
 * Return: bytes after *@skip.
 */
u32 rill_urg_read_span(const struct sock *sk, u32 seq, u32 len, u32 *skip)
{
	const struct rill_sock *rs = rill_sk(sk);

	*skip = 0;
	if (likely(rs->urg_state == RILL_URG_NONE))
		return len;
	return rill_urg_split(rs->urg_seq, sock_flag(sk, SOCK_URGINLINE), seq, len, skip);
}

/**
 * rill_urg_passed() - copied_seq moved: is the mark behind it?
 * @rs: connection
 *
 * Context: the socket lock is held.
 */
void rill_urg_passed(struct rill_sock *rs)
{
	if (unlikely(rs->urg_state != RILL_URG_NONE) && rill_after(rs->copied_seq, rs->urg_seq))
		WRITE_ONCE(rs->urg_state, RILL_URG_NONE);
}

/**
 * rill_urg_at_mark() - is there a mark, and a byte at it?
 * @rs: connection
 * @seq: the byte
 *
 * Context: any; without the socket lock the answer may be out of date.
 * Return: SIOCATMARK's answer, if @seq is copied_seq.
 */
bool rill_urg_at_mark(const struct rill_sock *rs, u32 seq)
{
	return READ_ONCE(rs->urg_state) != RILL_URG_NONE && READ_ONCE(rs->urg_seq) == seq;
}

/**
 * rill_urg_poll() - does the urgent byte wait to be read?
 * @rs: connection
 *
 * Context: any. PO-9.
 * Return: EPOLLPRI, or 0.
 */
__poll_t rill_urg_poll(const struct rill_sock *rs)
{
	return READ_ONCE(rs->urg_state) == RILL_URG_HERE ? EPOLLPRI : 0;
}
