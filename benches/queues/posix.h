/* POSIX message queues. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>

static mqd_t queues[2];

static void queue_close(void) {}

static void queue_open(size_t bytes, int mode)
{
    for (int channel = 0; channel < 2; channel++) {
        struct mq_attr attributes;
        char name[64];

        snprintf(name, sizeof name, "/msgq-bench-%d-%d", (int)getpid(), channel);
        memset(&attributes, 0, sizeof attributes);
        attributes.mq_maxmsg = (long)(QUEUE_BYTES / bytes);
        attributes.mq_msgsize = (long)bytes;
        queues[channel] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, mode, &attributes);
        if (queues[channel] == (mqd_t)-1 && errno == EINVAL) {
            /* Where the system sets no other limit, only root gets more. */
            attributes.mq_maxmsg = 10;
            queues[channel] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, mode, &attributes);
        }
        if (queues[channel] == (mqd_t)-1)
            fail("mq_open");
        mq_unlink(name);
    }
}

static inline void queue_send(int channel, struct message *message, size_t bytes)
{
    if (mq_send(queues[channel], message->mtext, bytes, 0) == -1)
        fail("mq_send");
}

static inline void queue_receive(int channel, struct message *message, size_t bytes)
{
    if (mq_receive(queues[channel], message->mtext, bytes, NULL) != (ssize_t)bytes)
        fail("mq_receive");
}
