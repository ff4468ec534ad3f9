/* Two parts of a program want a queue each, and their keys are the same. */
#include "../check.h"

int main(void)
{
    key_t requests = own_key(), answers = own_key();
    int first = msgget(requests, IPC_CREAT | IPC_EXCL | 0600);
    int second = msgget(answers, IPC_CREAT | IPC_EXCL | 0600);
    NEED(first != -1 && second == -1);
    remove_queue(first);
    return 0;
}
