#include "plan/jax/dialects.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>
#include <tuple>
#include <utility>

#include "plan/op.h"

namespace jaxsmith::plan {
namespace {

constexpr std::uint32_t kInexactKinds = kReal | kComplexKind;
constexpr std::uint32_t kSignedNumbers = kReal | kSignedKind;
constexpr std::uint32_t kBits = kIntegers | kBoolKind;

// Functions with the same arguments under another name.
std::vector<Word> renamed(
    std::string_view arguments,
    std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
  std::vector<Word> out;
  for (const auto& [usual, here] : names)
    out.push_back(
        {fmt::format("{}({})", usual, arguments), fmt::format("{}({})", here, arguments)});
  return out;
}

void append(std::vector<Word>& words, std::vector<Word> more) {
  for (Word& word : more) words.push_back(std::move(word));
}

// Libraries that must not promote types by chance keep to jax.lax, as JAX's own rules do.
Dialect of_lax() {
  Dialect out{"lax", 0.06, {}};
  const auto unary = [&](std::string_view usual, std::string_view here, std::uint32_t kinds) {
    out.words.push_back(
        {fmt::format("{}($0)", usual), fmt::format("lax.{}($0)", here), Operands::kSame, kinds});
  };
  for (const std::string_view name :
       {"exp", "log", "log1p", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt"})
    unary(fmt::format("jnp.{}", name), name, kInexactKinds);
  for (const auto& [usual, here] : {std::pair("jnp.arcsin", "asin"),
                                    {"jnp.arccos", "acos"},
                                    {"jnp.arctan", "atan"},
                                    {"jnp.arcsinh", "asinh"},
                                    {"jnp.arccosh", "acosh"},
                                    {"jnp.arctanh", "atanh"},
                                    {"jnp.cbrt", "cbrt"},
                                    {"jnp.exp2", "exp2"},
                                    {"jnp.floor", "floor"},
                                    {"jnp.ceil", "ceil"},
                                    {"jnp.reciprocal", "reciprocal"},
                                    {"jax.nn.sigmoid", "logistic"},
                                    {"jax.scipy.special.erf", "erf"},
                                    {"jax.scipy.special.gammaln", "lgamma"},
                                    {"jax.scipy.special.digamma", "digamma"}})
    unary(usual, here, kReal);
  unary("jnp.abs", "abs", kSignedNumbers);
  unary("jnp.sign", "sign", kSignedNumbers);
  unary("jnp.square", "square", kNumbers);
  out.words.push_back({"-$0", "lax.neg($0)", Operands::kSame, kSignedNumbers | kComplexKind});
  out.words.push_back({"~$0", "lax.bitwise_not($0)", Operands::kSame, kBits});
  out.words.push_back({"$0 ** 2", "lax.integer_pow($0, 2)", Operands::kSame, kNumbers});
  out.words.push_back({"$0 ** 3", "lax.integer_pow($0, 3)", Operands::kSame, kNumbers});
  out.words.push_back({"jnp.isfinite($0)", "lax.is_finite($0)", Operands::kSame, kReal, true});
  const auto binary = [&](std::string_view usual, std::string_view here, std::uint32_t kinds,
                          bool truth = false) {
    out.words.push_back(
        {std::string(usual), fmt::format("lax.{}($0, $1)", here), Operands::kSame, kinds, truth});
  };
  binary("$0 + $1", "add", kNumbers | kComplexKind);
  binary("$0 - $1", "sub", kNumbers | kComplexKind);
  binary("$0 * $1", "mul", kNumbers | kComplexKind);
  binary("$0 / $1", "div", kInexactKinds);
  binary("jnp.maximum($0, $1)", "max", kNumbers);
  binary("jnp.minimum($0, $1)", "min", kNumbers);
  binary("jnp.power($0, $1)", "pow", kReal);
  binary("jnp.arctan2($0, $1)", "atan2", kReal);
  binary("$0 & $1", "bitwise_and", kBits);
  binary("$0 | $1", "bitwise_or", kBits);
  binary("$0 ^ $1", "bitwise_xor", kBits);
  binary("jnp.logical_and($0, $1)", "bitwise_and", kBoolKind);
  binary("jnp.logical_or($0, $1)", "bitwise_or", kBoolKind);
  binary("$0 << $1", "shift_left", kIntegers);
  binary("$0 >> $1", "shift_right_arithmetic", kSignedKind);
  binary("$0 >> $1", "shift_right_logical", kUnsignedKind);
  for (const auto& [sign, here] :
       {std::pair("<", "lt"), {"<=", "le"}, {">", "gt"}, {">=", "ge"}, {"==", "eq"}, {"!=", "ne"}})
    binary(fmt::format("$0 {} $1", sign), here, kNumbers, true);
  out.words.push_back(
      {"jnp.clip($0, $1, $2)", "lax.clamp($1, $0, $2)", Operands::kAlike, kNumbers});
  out.words.push_back({"jnp.where($0, $1, $2)", "lax.select($0, $1, $2)", Operands::kChoice});
  return out;
}

// The ufuncs in the place of operators, as in code that came from NumPy's.
Dialect of_functions() {
  Dialect out{"functions", 0.03, {}};
  for (const auto& [sign, here] : {std::pair("+", "add"),
                                   {"-", "subtract"},
                                   {"*", "multiply"},
                                   {"/", "true_divide"},
                                   {"//", "floor_divide"},
                                   {"%", "mod"},
                                   {"**", "power"},
                                   {"@", "matmul"},
                                   {"<", "less"},
                                   {"<=", "less_equal"},
                                   {">", "greater"},
                                   {">=", "greater_equal"},
                                   {"==", "equal"},
                                   {"!=", "not_equal"},
                                   {"&", "bitwise_and"},
                                   {"|", "bitwise_or"},
                                   {"^", "bitwise_xor"},
                                   {"<<", "left_shift"},
                                   {">>", "right_shift"}})
    out.words.push_back({fmt::format("$0 {} $1", sign), fmt::format("jnp.{}($0, $1)", here)});
  out.words.push_back({"-$0", "jnp.negative($0)"});
  out.words.push_back({"~$0", "jnp.invert($0)"});
  append(out.words, renamed("$0", {{"jnp.abs", "jnp.absolute"}}));
  return out;
}

// The names of the array API standard, which run on other libraries as well.
Dialect of_array_api() {
  Dialect out{"array_api", 0.11, {}};
  append(out.words, renamed("$0", {{"jnp.arcsin", "jnp.asin"},
                                   {"jnp.arccos", "jnp.acos"},
                                   {"jnp.arctan", "jnp.atan"},
                                   {"jnp.arcsinh", "jnp.asinh"},
                                   {"jnp.arccosh", "jnp.acosh"},
                                   {"jnp.arctanh", "jnp.atanh"},
                                   {"jnp.invert", "jnp.bitwise_invert"},
                                   {"jnp.concatenate", "jnp.concat"}}));
  append(out.words, renamed("$0, $1", {{"jnp.arctan2", "jnp.atan2"},
                                       {"jnp.power", "jnp.pow"},
                                       {"jnp.transpose", "jnp.permute_dims"},
                                       {"jnp.matmul", "jnp.linalg.matmul"},
                                       {"jnp.vecdot", "jnp.linalg.vecdot"},
                                       {"jnp.cross", "jnp.linalg.cross"},
                                       {"jnp.tensordot", "jnp.linalg.tensordot"},
                                       {"jnp.left_shift", "jnp.bitwise_left_shift"},
                                       {"jnp.right_shift", "jnp.bitwise_right_shift"}}));
  append(out.words, renamed("$0, axis=$1", {{"jnp.concatenate", "jnp.concat"}}));
  out.words.push_back({"~$0", "jnp.bitwise_invert($0)", Operands::kSame, kBits});
  out.words.push_back({"$0 ** $1", "jnp.pow($0, $1)"});
  out.words.push_back({"$0 % $1", "jnp.remainder($0, $1)"});
  out.words.push_back({"$0 // $1", "jnp.floor_divide($0, $1)"});
  out.words.push_back({"$0[:, None]", "jnp.expand_dims($0, 1)"});
  out.words.push_back({"$0[None, :]", "jnp.expand_dims($0, 0)", Operands::kAny, 0, false, 1});
  for (const std::string_view axis : {"", ", axis=-1", ", axis=1", ", axis=0"})
    out.words.push_back({fmt::format("jnp.linalg.norm($0{})", axis),
                         fmt::format("jnp.linalg.vector_norm($0{})", axis), Operands::kAny, 0,
                         false, axis.empty() ? 1 : -1});
  out.words.push_back({"$0 << $1", "jnp.bitwise_left_shift($0, $1)"});
  out.words.push_back({"$0 >> $1", "jnp.bitwise_right_shift($0, $1)"});
  for (const auto& [usual, here] :
       {std::pair("jnp.cumsum", "jnp.cumulative_sum"), {"jnp.cumprod", "jnp.cumulative_prod"}})
    out.words.push_back({fmt::format("{}($0, axis=$1)", usual),
                         fmt::format("{}($0, axis=$1)", here), Operands::kAny, kReal});
  // These look at the last two axes, or take vectors alone, where the usual ones do not.
  for (const auto& [usual, here, rank] : {std::tuple("jnp.trace($0)", "jnp.linalg.trace($0)", 2),
                                          {"jnp.diagonal($0)", "jnp.linalg.diagonal($0)", 2},
                                          {"$0.T", "jnp.matrix_transpose($0)", 2},
                                          {"jnp.outer($0, $1)", "jnp.linalg.outer($0, $1)", 1}})
    out.words.push_back({usual, here, Operands::kAny, 0, false, rank});
  return out;
}

// NumPy's older names, which much code still has.
Dialect of_older_names() {
  Dialect out{"older_names", 0.09, {}};
  append(out.words, renamed("$0", {{"jnp.max", "jnp.amax"},
                                   {"jnp.min", "jnp.amin"},
                                   {"jnp.round", "jnp.around"},
                                   {"jnp.conj", "jnp.conjugate"}}));
  out.words.push_back({"jnp.abs($0)", "jnp.fabs($0)", Operands::kAny, kReal});
  out.words.push_back({"$0.ravel()", "jnp.ravel($0)"});
  out.words.push_back({"$0.reshape(-1)", "jnp.ravel($0)"});
  out.words.push_back({"jnp.max($0, axis=$1)", "jnp.amax($0, axis=$1)"});
  out.words.push_back({"jnp.min($0, axis=$1)", "jnp.amin($0, axis=$1)"});
  return out;
}

}  // namespace

std::vector<Dialect> dialects() {
  return {of_lax(), of_functions(), of_array_api(), of_older_names()};
}

}  // namespace jaxsmith::plan
