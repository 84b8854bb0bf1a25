// Logarithm, exponential and normal quantile, to the same bit on every machine.
#include "mock_server/plan/draws.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace fanbench {
namespace {

// ln 2 in two parts: the upper one has so few bits that its multiples by an exponent are exact.
constexpr double ln2_upper = 0x1.62e42fee00000p-1, ln2_lower = 0x1.a39ef35793c76p-33;
constexpr double half_sqrt2 = 0x1.6a09e667f3bcdp-1;

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (std::size_t i = N; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

}  // namespace

/// x = m·2ᵏ with m in [√½, √2), and ln m = 2·artanh s = 2(s + s³/3 + s⁵/5 + …) with s = (m − 1) / (m + 1).
double exact_log(double x) {
  int k = 0;
  double m = std::frexp(x, &k);
  if (m < half_sqrt2) {
    m *= 2;
    --k;
  }
  const double s = (m - 1) / (m + 1);
  const double series = polynomial<11>(
      {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21},
      s * s);
  return k * ln2_upper + (k * ln2_lower + 2 * s * series);
}

/// x = k·ln 2 + r with |r| at most ln 2 / 2, and e^r by its Taylor series.
double exact_exp(double x) {
  const double k = std::floor(x / (ln2_upper + ln2_lower) + 0.5);
  const double r = (x - k * ln2_upper) - k * ln2_lower;
  double sum = 1;
  for (int n = 14; n > 0; --n) sum = 1 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           polynomial<8>({3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                          1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                          3.3430575583588128105e+4, 2.5090809287301226727e+3},
                         r) /
           polynomial<8>({1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                          2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
                          5.2264952788528545610e+3},
                         r);
  }
  double r = std::sqrt(-exact_log(q < 0 ? p : 1 - p));
  double x = 0;
  if (r <= 5) {
    r -= 1.6;
    x = polynomial<8>({1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                       3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                       2.27238449892691845833e-2, 7.74545014278341407640e-4},
                      r) /
        polynomial<8>({1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                       1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                       1.05075007164441684324e-9},
                      r);
  } else {
    r -= 5;
    x = polynomial<8>({6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                       2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                       2.71155556874348757815e-5, 2.01033439929228813265e-7},
                      r) /
        polynomial<8>({1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                       7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                       2.04426310338993978564e-15},
                      r);
  }
  return q < 0 ? -x : x;
}

}  // namespace fanbench
