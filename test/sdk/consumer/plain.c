/* The C headers compile as C and their functions link. */
#include <miai/miai.h>
#include <miai/plugin.h>
#include <string.h>

int main(void) { return strlen(miai_version()) >= 5 ? 0 : 1; }
