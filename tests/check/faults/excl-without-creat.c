#include "../check.h"

int main(void)
{
    msgget(own_key(), IPC_EXCL | 0600);
    return 0;
}
