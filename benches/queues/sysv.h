/* System V message queues, of whatever answers the four calls. */
#include <sys/msg.h>

static int queues[2] = { -1, -1 };

static void queue_close(void)
{
    for (int channel = 0; channel < 2; channel++)
        if (queues[channel] != -1)
            msgctl(queues[channel], IPC_RMID, NULL);
}

static void queue_open(size_t bytes, int mode)
{
    (void)bytes;
    for (int channel = 0; channel < 2; channel++)
        if ((queues[channel] = msgget(IPC_PRIVATE, mode)) == -1)
            fail("msgget");
}

static inline void queue_send(int channel, struct message *message, size_t bytes)
{
    message->mtype = 1;
    if (msgsnd(queues[channel], message, bytes, 0) == -1)
        fail("msgsnd");
}

static inline void queue_receive(int channel, struct message *message, size_t bytes)
{
    if (msgrcv(queues[channel], message, bytes, 0, 0) != (ssize_t)bytes)
        fail("msgrcv");
}
