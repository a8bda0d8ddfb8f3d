#include <CTorch.h>
