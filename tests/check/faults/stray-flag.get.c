#include "../check.h"

int main(void)
{
    int id = msgget(IPC_PRIVATE, IPC_CREAT | IPC_NOWAIT | 0600);
    remove_queue(id);
    return 0;
}
