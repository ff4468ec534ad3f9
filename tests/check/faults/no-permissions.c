#include "../check.h"

int main(void)
{
    remove_queue(msgget(own_key(), IPC_CREAT));
    return 0;
}
