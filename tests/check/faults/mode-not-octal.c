#include "../check.h"

int main(void)
{
    remove_queue(msgget(IPC_PRIVATE, IPC_CREAT | 666));
    return 0;
}
