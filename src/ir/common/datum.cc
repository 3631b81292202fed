#include "ir/common/datum.h"

#include <fmt/format.h>

namespace jaxsmith::ir {

std::int64_t weight(const Datum& d) {
  std::int64_t sum = 1;
  for (const Datum& part : d.parts) sum += weight(part);
  return sum;
}

std::string aval_text(const Datum& d) {
  switch (d.kind) {
    case Datum::Kind::kArray:
      return d.array.type_text();
    case Datum::Kind::kToken:
      return "token";
    case Datum::Kind::kUnsized: {
      const std::string scalar = d.array.type_text();
      std::string out;
      for (const std::int64_t n : d.open_shape)
        out += (out.empty() ? "" : ",") + (n < 0 ? std::string("?") : fmt::format("{}", n));
      return scalar.substr(0, scalar.find('[')) + "[" + out + "]";
    }
    case Datum::Kind::kTuple:
      return "(" + avals_text(d.parts) + ")";
  }
  return "";
}

std::string avals_text(const std::vector<Datum>& data) {
  std::string out;
  for (const Datum& d : data) out += (out.empty() ? "" : ", ") + aval_text(d);
  return out;
}

}  // namespace jaxsmith::ir
