/* Ten thousand messages, each of its own type, come out as they are asked for. */
#define _GNU_SOURCE
#include "support.h"

#define MESSAGES 10000

/* Prime to the number of messages, so that every type has its turn. */
#define STEP 7919

struct short_message {
    long mtype;
    char text;
};

static int msqid;
static bool taken[MESSAGES + 1];

/* The type of the message that was sent as the nth. */
static long type_sent(int n)
{
    return (long)n * STEP % MESSAGES + 1;
}

/* Receives a message, which is to be of this type. */
static void expect(long wanted, long msgtyp, int flags)
{
    struct short_message message = {.mtype = -77};
    CHECK_EQ(msgrcv(msqid, &message, 1, msgtyp, flags | IPC_NOWAIT), 1);
    CHECK_EQ(message.mtype, wanted);
    CHECK_EQ(message.text, (char)wanted);
    CHECK(!taken[wanted]);
    taken[wanted] = true;
}

static void expect_none(long msgtyp, int flags)
{
    struct short_message message;
    CHECK(msgrcv(msqid, &message, 1, msgtyp, flags | IPC_NOWAIT) == -1 && errno == ENOMSG);
}

/* The lowest type that is still there. */
static long lowest(void)
{
    static long type = 1;
    while (taken[type])
        type++;
    return type;
}

/* The oldest that is still there, but for one. */
static long oldest_but(long exception)
{
    static int n;
    while (taken[type_sent(n)] || type_sent(n) == exception)
        n++;
    return type_sent(n);
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    for (int n = 0; n < MESSAGES; n++) {
        struct short_message message = {.mtype = type_sent(n), .text = (char)type_sent(n)};
        CHECK_EQ(msgsnd(msqid, &message, 1, IPC_NOWAIT), 0);
    }
    CHECK_EQ(stat_of(msqid).msg_qnum, MESSAGES);
    expect_none(MESSAGES + 1, 0);

    int left = MESSAGES;
    for (long type = 3; type <= MESSAGES; type += 3, left--)
        expect(type, type, 0);
    expect_none(3, 0);
    CHECK_EQ(stat_of(msqid).msg_qnum, left);
    printf("every third by its type, %d left\n", left);

    /* The bound is the lowest type itself, far above it, or as high as can be. */
    expect(1, -1, 0);
    expect_none(-1, 0);
    left--;
    for (int i = 1; i < 3000; i++, left--)
        expect(lowest(), i % 3 == 0 ? -lowest() : i % 3 == 1 ? -MESSAGES : LONG_MIN, 0);
    CHECK_EQ(stat_of(msqid).msg_qnum, left);
    printf("three thousand by the lowest type, %d left\n", left);

    for (; left > 1; left--)
        expect(oldest_but(MESSAGES), MESSAGES, MSG_EXCEPT);
    expect_none(MESSAGES, MSG_EXCEPT);
    expect_none(1 - MESSAGES, 0);
    expect(MESSAGES, 0, 0);
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    CHECK_EQ(stat_of(msqid).__msg_cbytes, 0);
    printf("all others but the highest by the age of the rest, and that one last\n");
    return 0;
}
