#include "../check.h"

int main(void)
{
    remove_queue(msgget(IPC_PRIVATE, IPC_CREAT | 0x666));
    return 0;
}
