#include "../check.h"

int main(void)
{
    key_t key = ftok("/proc/self/exe", 'q');
    NEED(key != -1);
    msgget(key, 0600);
    return 0;
}
