#include "../check.h"

int main(void)
{
    key_t key = ftok("/no/such/file", 'q');
    msgget(key, 0600);
    return 0;
}
