#include "fuzz/fuzz.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "fuzz/metering.h"
#include "ir/hlo/canonical.h"
#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/parser.h"
#include "ir/jaxpr/printer.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"

namespace jaxsmith::fuzz {
namespace {

const Allowance kAllowance;
constexpr std::int64_t kMostArgumentElements = 1 << 21;

// Small numbers of the type, the same in each run.
ir::Datum drawn(const ir::Datum& type) {
  if (type.kind == ir::Datum::Kind::kUnsized) {
    tensor::Shape shape = type.open_shape;
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{2});
    return drawn(tensor::Array::typed(type.array.dtype(), shape));
  }
  if (type.kind != ir::Datum::Kind::kArray) {
    ir::Datum out = type;
    for (ir::Datum& part : out.parts) part = drawn(part);
    return out;
  }
  const tensor::Array& a = type.array;
  tensor::Ints numbers;
  for (std::int64_t i = 0; i < a.size(); ++i) numbers.push_back(i % 5 - 1);
  return tensor::convert(tensor::Array::of_ints(tensor::EvaluationContext::unmetered(),
                                                tensor::DType::kI32, numbers),
                         a.dtype())
      .reshaped(a.shape());
}

std::int64_t elements(const ir::Datum& d) {
  std::int64_t n = d.kind == ir::Datum::Kind::kArray ? d.array.size() : 0;
  if (d.kind == ir::Datum::Kind::kUnsized) {
    n = 1;
    for (const std::int64_t size : d.open_shape) {
      if (size > kMostArgumentElements) return size;
      n = std::min(n * (size < 0 ? 2 : size), 2 * kMostArgumentElements);
    }
  }
  for (const ir::Datum& part : d.parts) n += elements(part);
  return n;
}

template <class Evaluator, class Module>
void execute(const Module& module, std::string_view text) {
  Evaluator evaluator(module, text, "input");
  if (!evaluator.verify(tensor::EvaluationContext({.budget = budget_of(kAllowance)})).ok()) return;
  const auto signature = evaluator.signature();
  if (!signature.ok()) return;
  std::vector<ir::Datum> arguments;
  std::int64_t size = 0;
  for (const ir::Datum& d : signature.value().arguments) {
    size += elements(d);
    if (size > kMostArgumentElements || size < 0) return;
    arguments.push_back(drawn(d));
  }
  const auto results = evaluator.run(std::move(arguments), budget_of(kAllowance));
  if (results.ok() && results.value().size() != signature.value().results.size())
    finding("a program gives another number of results than its signature says", text);
}

template <class Parse, class Print>
void round_trip(Parse parse, Print print, std::string_view text) {
  const auto parsed = parse(text);
  if (!parsed.ok()) return;
  const std::string printed = print(parsed.value());
  const auto again = parse(printed);
  if (!again.ok()) finding("what is printed cannot be read again", again.error().message);
  if (print(again.value()) != printed) finding("it is printed differently each time", printed);
}

void check_jaxpr(std::string_view text) {
  const auto parse = [](std::string_view t) { return jaxpr::parse(t, "input"); };
  round_trip(parse, [](const auto& m) { return jaxpr::print(m); }, text);
  const auto parsed = parse(text);
  if (!parsed.ok()) return;
  execute<jaxpr::Evaluator>(parsed.value(), text);
  (void)jaxpr::structure_of(parsed.value(), text);
  (void)jaxpr::op_counts(parsed.value());
}

void check_stablehlo(std::string_view text) {
  const auto parse = [](std::string_view t) { return stablehlo::parse(t, "input"); };
  const auto print = [](const auto& modules) {
    std::string out;
    for (std::size_t i = 0; i < modules.size(); ++i)
      out += (i ? "// -----\n" : "") + stablehlo::print(modules[i]);
    return out;
  };
  round_trip(parse, print, text);
  const auto parsed = parse(text);
  if (!parsed.ok()) return;
  for (const auto& module : parsed.value()) execute<stablehlo::Evaluator>(module, text);
}

void check_hlo(std::string_view text) {
  const auto parse = [](std::string_view t) { return hlo::parse(t, "input"); };
  round_trip(parse, [](const auto& m) { return hlo::print(m); }, text);
  const auto parsed = parse(text);
  if (parsed.ok()) execute<hlo::Evaluator>(parsed.value(), text);
}

// ---- Mutation

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '%' || c == '@';
}

struct Piece {
  std::size_t begin = 0, end = 0;
};

std::vector<Piece> tokens(std::string_view text) {
  std::vector<Piece> out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (is_word(text[i]))
      while (end < text.size() && is_word(text[end])) ++end;
    if (text[i] != ' ' && text[i] != '\n') out.push_back({i, end});
    i = end;
  }
  return out;
}

std::vector<Piece> lines(std::string_view text) {
  std::vector<Piece> out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size() - 1) + 1;
    out.push_back({i, end});
    i = end;
  }
  return out;
}

}  // namespace

void check(std::string_view target, std::string_view bytes) {
  if (target == "score") return check_predictions(bytes);
  if (target == "rows") return check_dataset(bytes);
  if (target == "npy") return check_npy(bytes);
  within(kAllowance, bytes.size(), [&] {
    if (target == "jaxpr") return check_jaxpr(bytes);
    if (target == "stablehlo") return check_stablehlo(bytes);
    check_hlo(bytes);
  });
}

namespace {

// Those with many digits add up or multiply to little where they wrap.
constexpr const char* kNumbers[] = {"0",
                                    "-1",
                                    "1",
                                    "2",
                                    "1048576",
                                    "4294967296",
                                    "1000000000000",
                                    "2305843009213693952",
                                    "4611686018427387904",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "99999999999999999999",
                                    "1e400",
                                    "nan",
                                    "-0.0",
                                    "0x7FC00000",
                                    "?"};

std::string with_a_change(const std::string& old, std::minstd_rand& random) {
  const auto below = [&](std::size_t n) { return n ? random() % n : 0; };
  const auto pieces = below(3) ? tokens(old) : lines(old);
  if (pieces.empty()) return old;
  const Piece a = pieces[below(pieces.size())], b = pieces[below(pieces.size())];
  const auto piece = [&](Piece p) { return old.substr(p.begin, p.end - p.begin); };
  const auto number = [&] { return kNumbers[below(std::size(kNumbers))]; };
  switch (below(7)) {
    case 0:  // one in the place of another
      return old.substr(0, a.begin) + piece(b) + old.substr(a.end);
    case 1:  // left out
      return old.substr(0, a.begin) + old.substr(a.end);
    case 2:  // twice
      return old.substr(0, a.end) + piece(a) + old.substr(a.end);
    case 3: {  // changed places
      const Piece first = a.begin < b.begin ? a : b, second = a.begin < b.begin ? b : a;
      if (first.end > second.begin) return old;
      return old.substr(0, first.begin) + piece(second) +
             old.substr(first.end, second.begin - first.end) + piece(first) +
             old.substr(second.end);
    }
    case 4: {  // an item of a list many times
      std::string items = piece(a);
      for (int times = 0; times < 64; ++times) items += ", " + piece(a);
      return old.substr(0, a.begin) + items + old.substr(a.end);
    }
    case 5: {  // numbers that stand near one another
      std::string out = old.substr(0, a.begin);
      std::size_t changes = 2 + below(3), at = a.begin;
      for (const Piece& each : tokens(old)) {
        if (each.begin < at || changes == 0) continue;
        if (std::isdigit(static_cast<unsigned char>(old[each.begin])) == 0) continue;
        out += old.substr(at, each.begin - at) + number();
        at = each.end, --changes;
      }
      return out + old.substr(at);
    }
    default:
      return old.substr(0, a.begin) + number() + old.substr(a.end);
  }
}

}  // namespace

std::size_t mutate(char* text, std::size_t size, std::size_t most, std::uint32_t seed) {
  std::minstd_rand random(seed);
  std::string out(text, size);
  for (auto changes = random() % 3 ? 1 : 2 + random() % 3; changes > 0 && out.size() <= most;
       --changes)
    out = with_a_change(out, random);
  const std::size_t n = std::min(out.size(), most);
  std::memcpy(text, out.data(), n);
  return n;
}

std::size_t mutate_bytes(char* bytes, std::size_t size, std::size_t most, std::uint32_t seed) {
  std::minstd_rand random(seed);
  const auto below = [&](std::size_t n) { return n ? random() % n : 0; };
  for (std::size_t changes = 1 + below(4); size > 0 && changes > 0; --changes) {
    const std::size_t at = below(size);
    switch (below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:  // the highest or the lowest of a number's bytes
        std::memset(bytes + at, below(2) ? 0xFF : 0, std::min(1 + below(8), size - at));
        break;
      case 3:  // the end is cut off
        size = at;
        break;
      default: {  // a part stands elsewhere once more
        const std::size_t to = below(std::min(size + 1, most)), n = below(64);
        const std::size_t length = std::min({n, size - at, most - to});
        std::memmove(bytes + to, bytes + at, length);
        size = std::max(size, to + length);
      }
    }
  }
  return size;
}

}  // namespace jaxsmith::fuzz
