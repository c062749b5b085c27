/* The C header compiles as C and its functions link. */
#include <miai/miai.h>
#include <string.h>

int main(void) { return strlen(miai_version()) >= 5 ? 0 : 1; }
