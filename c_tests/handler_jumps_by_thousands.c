/*
 * A handler leaves calls by siglongjmp, at any of their instructions and thousands of times. What
 * was in flight may be gone; nothing else is, nothing comes twice, and the queue stays in order.
 */
#define _GNU_SOURCE
#include "support.h"
#include <semaphore.h>
#include <setjmp.h>

#define JUMPS 5000
#define MILLISECONDS 1500
#define BATCH 4

struct numbered {
    long mtype;
    int number;
};

static int msqid;
static pid_t interrupted;
static sigjmp_buf out;
static volatile sig_atomic_t inside, jumps;
static sem_t has_handled;
static _Atomic bool enough;

/* How far the current batch has come, whatever it jumped from. */
static struct numbered message;
static volatile sig_atomic_t next, sent, received, tried_to_send, tried_to_receive;

static void handler(int signal_number)
{
    sem_post(&has_handled);
    if (inside) {
        inside = 0;
        jumps++;
        siglongjmp(out, signal_number);
    }
}

/* The next signal follows some moments after the one before has been handled. */
static void *interrupt(void *unused)
{
    unsigned random = 88172645;
    while (!enough) {
        random = random * 1103515245 + 12345;
        for (volatile unsigned delay = random >> 16 & 8191; delay > 0; delay--)
            ;
        CHECK_EQ(syscall(SYS_tgkill, getpid(), interrupted, SIGUSR1), 0);
        CHECK_EQ(sem_wait(&has_handled), 0);
    }
    return unused;
}

/* A check that no jump cuts short. */
#define IN_PEACE(check)                                                                   \
    do {                                                                                  \
        inside = 0;                                                                       \
        check;                                                                            \
        inside = 1;                                                                       \
    } while (0)

/* Sends a few messages and receives them. At times it sleeps, until it is made to jump. */
static void talk(void)
{
    ssize_t answer;
    for (int i = 0; i < BATCH; i++) {
        message = (struct numbered){.mtype = 1, .number = next + i};
        tried_to_send++;
        answer = msgsnd(msqid, &message, sizeof message.number, 0);
        IN_PEACE(CHECK_EQ(answer, 0));
        sent++;
    }
    for (int i = 0; i < BATCH; i++) {
        tried_to_receive++;
        answer = msgrcv(msqid, &message, sizeof message.number, 1, 0);
        IN_PEACE(CHECK_EQ(answer, sizeof message.number));
        IN_PEACE(CHECK_EQ(message.number, next + received));
        received++;
    }
    if (next % (4 * BATCH) == 0) {
        msgrcv(msqid, &message, sizeof message.number, 99, 0);
        IN_PEACE(CHECK(!"reached: the call came back"));
    }
}

/* Looks whether a jump has left there what it should: a row of numbers, whole but for its ends. */
static void account(void)
{
    int from = next + received, to = next + sent;
    int may_be_gone = tried_to_receive - received, may_be_there = tried_to_send - sent;
    int first = 0, came = 0;
    while (msgrcv(msqid, &message, sizeof message.number, 0, IPC_NOWAIT) != -1) {
        if (came == 0)
            first = message.number;
        CHECK_EQ(message.mtype, 1);
        CHECK_EQ(message.number, first + came);
        came++;
    }
    CHECK_EQ(errno, ENOMSG);
    if (came == 0) {
        CHECK(to - from <= may_be_gone);
    } else {
        CHECK(first == from || first == from + may_be_gone);
        CHECK(first + came == to || first + came == to + may_be_there);
    }
    struct msqid_ds ds = stat_of(msqid);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
}

int main(void)
{
    pthread_t thread;
    msqid = new_queue(test_key(), 0600);
    interrupted = thread_id();
    CHECK_EQ(sem_init(&has_handled, 0, 0), 0);
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt, NULL), 0);
    long long end = now_in_ms() + MILLISECONDS;
    while (jumps < JUMPS && now_in_ms() < end) {
        next += BATCH;
        sent = received = tried_to_send = tried_to_receive = 0;
        if (sigsetjmp(out, 1) == 0) {
            inside = 1;
            talk();
            inside = 0;
        }
        account();
    }
    enough = true;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(jumps > 0);
    printf("nothing came twice, and no more was lost than was in flight\n");
    for (int i = 0; i < 3; i++) {
        send_text(msqid, 1, "still in use");
        show_received(msqid, TEXT_SIZE, 0, 0);
    }
    use_a_queue();
    return 0;
}
