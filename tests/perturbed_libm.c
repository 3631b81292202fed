// Loaded in front of the C library's mathematics: what exp, log, sin … give is moved by one unit in
// the last place, up or down as the argument's bits have it, as another library might give it.
// Built and used by test_plan_digests.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double moved(double result, double x, double y, int salt) {
  uint64_t a, b;
  memcpy(&a, &x, 8);
  memcpy(&b, &y, 8);
  uint64_t h = (a * 0x9E3779B97F4A7C15u) ^ (b * 0xC2B2AE3D27D4EB4Fu) ^ (uint64_t)salt;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9u;
  h ^= h >> 32;
  if (!isfinite(result)) return result;
  // Without nextafter, which another wrapper may stand before.
  uint64_t r;
  memcpy(&r, &result, 8);
  if (result == 0) return result;
  r = h & 1 ? r + 1 : r - 1;
  memcpy(&result, &r, 8);
  return result;
}

static void called(void) {
  static int told = 0;
  const char *path = getenv("PERTURBED_LIBM_LOG");
  if (told || !path) return;
  told = 1;
  extern int open(const char *, int, ...);
  int fd = open(path, 01 | 0100 | 02000, 0600);
  if (fd < 0) return;
  if (write(fd, "called\n", 7) < 0) abort();
  close(fd);
}

#define ONE(name, salt)                                          \
  double name(double x) {                                        \
    static double (*real)(double);                               \
    if (!real) real = (double (*)(double))dlsym(RTLD_NEXT, #name); \
    called();                                                    \
    return moved(real(x), x, 0, salt);                           \
  }
#define TWO(name, salt)                                                          \
  double name(double x, double y) {                                              \
    static double (*real)(double, double);                                       \
    if (!real) real = (double (*)(double, double))dlsym(RTLD_NEXT, #name);       \
    called();                                                                    \
    return moved(real(x, y), x, y, salt);                                        \
  }

ONE(exp, 1)
ONE(exp2, 2)
ONE(expm1, 3)
ONE(log, 4)
ONE(log2, 5)
ONE(log10, 6)
ONE(log1p, 7)
ONE(cbrt, 8)
ONE(sin, 9)
ONE(cos, 10)
ONE(tan, 11)
ONE(asin, 12)
ONE(acos, 13)
ONE(atan, 14)
ONE(sinh, 15)
ONE(cosh, 16)
ONE(tanh, 17)
ONE(asinh, 18)
ONE(acosh, 19)
ONE(atanh, 20)
ONE(erf, 21)
ONE(erfc, 22)
ONE(lgamma, 23)
ONE(tgamma, 24)
TWO(pow, 25)
TWO(hypot, 26)
TWO(atan2, 27)
