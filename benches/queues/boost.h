/* The queues of Boost.Interprocess, in C++. */
#include <boost/interprocess/ipc/message_queue.hpp>

using boost::interprocess::message_queue;

static message_queue *queues[2];

static void queue_close(void) {}

static void queue_open(size_t bytes, int mode)
{
    for (int channel = 0; channel < 2; channel++) {
        char name[64];

        snprintf(name, sizeof name, "msgq-bench-%d-%d", (int)getpid(), channel);
        queues[channel] = new message_queue(boost::interprocess::create_only, name,
            QUEUE_BYTES / bytes, bytes, boost::interprocess::permissions(mode));
        /* The mapping stays, and children get it. */
        message_queue::remove(name);
    }
}

static inline void queue_send(int channel, struct message *message, size_t bytes)
{
    queues[channel]->send(message->mtext, bytes, 0);
}

static inline void queue_receive(int channel, struct message *message, size_t bytes)
{
    message_queue::size_type received;
    unsigned priority;

    queues[channel]->receive(message->mtext, bytes, received, priority);
    if (received != bytes)
        fail("receive");
}
