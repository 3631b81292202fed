#include "ir/stablehlo/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "ir/stablehlo/dense.h"

namespace jaxsmith::stablehlo {
namespace {

struct ElementName {
  std::string_view mlir;
  DType dtype;
};

constexpr ElementName kElements[] = {
    {"f32", DType::kF32},
    {"i32", DType::kI32},
    {"i1", DType::kBool},
    {"f64", DType::kF64},
    {"f16", DType::kF16},
    {"bf16", DType::kBF16},
    {"i64", DType::kI64},
    {"ui32", DType::kU32},
    {"ui8", DType::kU8},
    {"i8", DType::kI8},
    {"i16", DType::kI16},
    {"ui16", DType::kU16},
    {"ui64", DType::kU64},
    {"complex<f32>", DType::kC64},
    {"complex<f64>", DType::kC128},
    {"index", DType::kI64},
    {"i2", DType::kI2},
    {"i4", DType::kI4},
    {"ui2", DType::kU2},
    {"ui4", DType::kU4},
    {"f8E3M4", DType::kF8E3M4},
    {"f8E4M3", DType::kF8E4M3},
    {"f8E4M3B11FNUZ", DType::kF8E4M3B11FNUZ},
    {"f8E4M3FN", DType::kF8E4M3FN},
    {"f8E4M3FNUZ", DType::kF8E4M3FNUZ},
    {"f8E5M2", DType::kF8E5M2},
    {"f8E5M2FNUZ", DType::kF8E5M2FNUZ},
    {"f8E8M0FNU", DType::kF8E8M0FNU},
    {"f6E2M3FN", DType::kF6E2M3FN},
    {"f6E3M2FN", DType::kF6E3M2FN},
    {"f4E2M1FN", DType::kF4E2M1FN},
};

std::string joined(const std::vector<const Type*>& types) {
  std::string out;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i) out += ", ";
    out += types[i]->text();
  }
  return out;
}

}  // namespace

std::optional<DType> dtype_from_mlir(std::string_view element) {
  for (const auto& e : kElements)
    if (e.mlir == element) return e.dtype;
  return std::nullopt;
}

std::optional<IntegerType> integer_type(std::string_view name) {
  using enum IntegerType::Sign;
  constexpr std::int64_t kMostBits = (1 << 24) - 1;
  if (name == "index") return IntegerType{kSigned, 64};
  IntegerType out;
  if (name.starts_with("si") || name.starts_with("ui")) {
    out.sign = name[0] == 's' ? kSigned : kUnsigned;
    name.remove_prefix(1);
  }
  if (!name.starts_with("i") || name.size() < 2 || name[1] == '0') return std::nullopt;
  name.remove_prefix(1);
  const char* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, out.bits);
  if (error != std::errc() || at != end || out.bits < 1 || out.bits > kMostBits)
    return std::nullopt;
  return out;
}

std::string_view mlir_name(DType dtype) {
  for (const auto& e : kElements)
    if (e.dtype == dtype) return e.mlir;
  return "";
}

Module Module::sharing_types() const {
  Module out;
  out.name = name;
  out.attrs = attrs;
  out.order = order;
  out.functions = functions;
  out.ops = ops;
  out.values = values;
  out.for_interpreter = for_interpreter;
  return out;
}

bool Type::is_static() const {
  return std::find(shape.begin(), shape.end(), kDynamic) == shape.end();
}

std::string Type::text() const {
  switch (kind) {
    case Kind::kTensor: {
      std::string out = "tensor<";
      for (const std::int64_t n : shape) {
        if (n == kDynamic)
          out += "?x";
        else
          fmt::format_to(std::back_inserter(out), "{}x", n);
      }
      out += element;
      if (!encoding.empty()) out += ", " + encoding;
      return out + ">";
    }
    case Kind::kTuple:
      return "tuple<" + joined(parts) + ">";
    case Kind::kFunction: {
      const bool bare = results.size() == 1 && results[0]->kind != Kind::kFunction;
      return "(" + joined(parts) + ") -> " + (bare ? joined(results) : "(" + joined(results) + ")");
    }
    default:
      return element;
  }
}

const Attr* Attr::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

std::optional<std::int64_t> Attr::as_int() const {
  if (kind != Kind::kBool && kind != Kind::kNumber) return std::nullopt;
  if (text == "true" || text == "false") return text == "true";
  try {
    std::size_t used = 0;
    const std::int64_t n = std::stoll(text, &used, 0);
    return used == text.size() ? std::optional(n) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::optional<Ints> Attr::as_ints() const {
  constexpr std::int64_t kMost = 4096;
  Ints out;
  if (kind == Kind::kDense) {
    const std::int64_t count = tensor::element_count(type->shape);
    if (tensor::lane_of(dense->dtype()) != tensor::Lane::kInt || count > kMost) return std::nullopt;
    for (std::int64_t i = 0; i < count; ++i) out.push_back(dense->int_at(splat ? 0 : i));
    return out;
  }
  if (kind != Kind::kDenseArray && kind != Kind::kArray) return std::nullopt;
  for (const Attr& item : items) {
    const auto n = item.as_int();
    if (!n) return std::nullopt;
    out.push_back(*n);
  }
  return out;
}

std::optional<bool> Attr::as_bool() const {
  if (kind == Kind::kUnit) return true;
  const auto n = as_int();
  return n ? std::optional(*n != 0) : std::nullopt;
}

std::optional<double> Attr::as_real() const {
  // Without a type it is MLIR's default for floats.
  const DType dtype = type && type->dtype ? *type->dtype : DType::kF64;
  return kind == Kind::kNumber ? float_of(text, dtype) : std::nullopt;
}

std::string_view Attr::as_word() const {
  if (kind != Kind::kDialect) return text;
  const std::size_t space = body.find(' ');
  return space == std::string::npos ? std::string_view(body)
                                    : std::string_view(body).substr(space + 1);
}

const Attr* Op::attr(std::string_view key) const {
  for (const NamedAttr& a : attrs)
    if (a.name == key) return &a.value;
  return nullptr;
}

const Function* Module::function(std::string_view wanted) const {
  for (const Function& f : functions)
    if (f.name == wanted) return &f;
  return nullptr;
}

const Function* Module::entry() const {
  if (const Function* main = function("main")) return main;
  const Function* found = nullptr;
  for (const Function& f : functions) {
    if (f.visibility == "private") continue;
    if (found) return &functions[0];
    found = &f;
  }
  return found ? found : functions.empty() ? nullptr : &functions[0];
}

std::vector<const Function*> Module::self_checking() const {
  const bool one = functions.size() == 1 || function("main");
  if (one) return {entry()};
  std::vector<const Function*> out;
  for (const Function& f : functions)
    if (f.visibility != "private" && f.arguments.empty() && !f.declared_only) out.push_back(&f);
  return out;
}

}  // namespace jaxsmith::stablehlo
