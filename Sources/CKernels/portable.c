#pragma clang diagnostic ignored "-Wpsabi"
#define SET portable
#define GROUP_ROWS 2
#define GROUP_VECTORS 1
#include "kernels.inc"
