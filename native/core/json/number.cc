#include "core/json/number.h"

namespace jetfleet {
namespace {

/// So many digits behind the point, without zeros at the end; `value` is not 0.
char* PutFraction(char* to, std::uint64_t value, int digits) {
  *to = '.';
  char* end = to + digits + 1;
  for (char* at = end; at - to > 2; value /= 100) PutPair(at -= 2, value % 100);
  if (digits % 2 != 0) to[1] = static_cast<char>('0' + value);
  while (end[-1] == '0') --end;
  return end;
}

}  // namespace

char* PutWhole(char* to, std::uint64_t value) {
  if (value < 10'000) return PutSmall(to, value);
  const std::uint64_t low = value % 10'000;
  return PutPair(PutPair(PutWhole(to, value / 10'000), low / 100), low % 100);
}

char* PutScaled(char* to, std::uint64_t scaled, int decimals) {
  const std::uint64_t power = kPowersOfTen.at(static_cast<std::size_t>(decimals));
  const std::uint64_t rest = scaled % power;
  to = PutWhole(to, scaled / power);
  return rest == 0 ? to : PutFraction(to, rest, decimals);
}

}  // namespace jetfleet
