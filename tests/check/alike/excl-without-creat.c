#include "../check.h"

int main(void)
{
    remove_queue(msgget(own_key(), IPC_EXCL | IPC_CREAT | 0600));
    /* Here both flags mean nothing, and harm nothing. */
    remove_queue(msgget(IPC_PRIVATE, IPC_EXCL | 0600));
    return 0;
}
