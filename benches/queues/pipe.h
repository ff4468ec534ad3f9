/* Pipes of the capacity of a queue. Up to 4096 bytes they keep the bounds of messages of one size. */
#include <fcntl.h>

static int ends[2][2];

static void queue_close(void) {}

static void queue_open(size_t bytes, int mode)
{
    (void)bytes;
    (void)mode;
    for (int channel = 0; channel < 2; channel++)
        if (pipe(ends[channel]) == -1 || fcntl(ends[channel][1], F_SETPIPE_SZ, QUEUE_BYTES) == -1)
            fail("pipe");
}

static inline void queue_send(int channel, struct message *message, size_t bytes)
{
    if (write(ends[channel][1], message->mtext, bytes) != (ssize_t)bytes)
        fail("write");
}

static inline void queue_receive(int channel, struct message *message, size_t bytes)
{
    if (read(ends[channel][0], message->mtext, bytes) != (ssize_t)bytes)
        fail("read");
}
