// StableHLO: every form that an operation is written in comes back as it was, generic forms come
// back in the custom ones, and what is refused is refused at its place.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ir/stablehlo/canonical.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"

namespace jaxsmith::stablehlo {
namespace {

// A function whose lines give %out.
std::string function(const std::string& arguments, const std::string& result,
                     const std::string& lines, const std::string& around = "") {
  std::string body;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    body += "    " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  std::string names;
  int number = 0;
  for (std::size_t at = 0; at < arguments.size(); ++number) {
    const std::size_t end = std::min(arguments.find(';', at), arguments.size());
    names +=
        fmt::format("{}%arg{}: {}", number ? ", " : "", number, arguments.substr(at, end - at));
    at = end + 1;
  }
  return fmt::format(
      "module @m {{\n{}  func.func public @main({}) -> {} {{\n{}    return %out : {}\n  }}\n}}\n",
      around, names, result, body, result);
}

std::string printed(const std::string& text) {
  const auto modules = parse(text, "m.mlir");
  if (!modules.ok()) return modules.error().message;
  return print(modules.value()[0]);
}

// It is what JAX would have printed; it verifies; its canonical form is a module whose canonical
// form is itself.
void expect_comes_back(const std::string& text) {
  const auto modules = parse(text, "m.mlir");
  ASSERT_TRUE(modules.ok()) << modules.error().message;
  const Module& module = modules.value()[0];
  EXPECT_EQ(print(module), text);
  Evaluator evaluator(module, text, "m.mlir");
  const Status verified = evaluator.verify();
  EXPECT_TRUE(verified.ok()) << verified.error().message;
  const std::string first = canonical(module);
  const auto again = parse(first, "canonical.mlir");
  ASSERT_TRUE(again.ok()) << again.error().message << "\n" << first;
  EXPECT_EQ(canonical(again.value()[0]), first);
}

struct Form {
  std::string name, arguments, result, lines, around = {};
};

const std::string k2 = "tensor<2xf32>", k23 = "tensor<2x3xf32>", k0 = "tensor<f32>",
                  ki = "tensor<i32>", k2i = "tensor<2xi32>", k2b = "tensor<2xi1>";

std::vector<Form> elementwise_forms() {
  std::vector<Form> out;
  for (const char* name :
       {"abs", "cbrt", "ceil", "cosine", "exponential", "exponential_minus_one", "floor", "log",
        "log_plus_one", "logistic", "negate", "round_nearest_afz", "round_nearest_even", "rsqrt",
        "sign", "sine", "sqrt", "tan", "tanh"})
    out.push_back({name, k2, k2, fmt::format("%out = stablehlo.{} %arg0 : {}", name, k2)});
  for (const char* name : {"count_leading_zeros", "not", "popcnt"})
    out.push_back({name, k2i, k2i, fmt::format("%out = stablehlo.{} %arg0 : {}", name, k2i)});
  for (const char* name : {"acos", "acosh", "asin", "asinh", "atan", "atanh", "bessel_i1e", "cosh",
                           "digamma", "erf", "erf_inv", "erfc", "lgamma", "sinh", "square", "tan"})
    out.push_back({name, k2, k2, fmt::format("%out = chlo.{} %arg0 : {} -> {}", name, k2, k2)});
  for (const char* name : {"is_inf", "is_neg_inf", "is_pos_inf"})
    out.push_back({name, k2, k2b, fmt::format("%out = chlo.{} %arg0 : {} -> {}", name, k2, k2b)});
  for (const char* name : {"add", "atan2", "divide", "maximum", "minimum", "multiply", "power",
                           "remainder", "subtract"})
    out.push_back(
        {name, k2 + ";" + k2, k2, fmt::format("%out = stablehlo.{} %arg0, %arg1 : {}", name, k2)});
  for (const char* name :
       {"and", "or", "xor", "shift_left", "shift_right_arithmetic", "shift_right_logical"})
    out.push_back({name, k2i + ";" + k2i, k2i,
                   fmt::format("%out = stablehlo.{} %arg0, %arg1 : {}", name, k2i)});
  for (const char* name : {"next_after", "polygamma", "zeta"})
    out.push_back({name, k2 + ";" + k2, k2,
                   fmt::format("%out = chlo.{} %arg0, %arg1 : {}, {} -> {}", name, k2, k2, k2)});
  return out;
}

std::vector<Form> other_forms() {
  const std::string complex = "tensor<2xcomplex<f32>>", wide = "tensor<2x2xf32>";
  return {
      {"mulhi", k2i + ";" + k2i, k2i,
       "%out = chlo.mulhi %arg0, %arg1 : tensor<2xi32>, tensor<2xi32> -> tensor<2xi32>"},
      {"complex", k2 + ";" + k2, complex, "%out = stablehlo.complex %arg0, %arg1 : " + complex},
      {"real", complex, k2, "%out = stablehlo.real %arg0 : (" + complex + ") -> " + k2},
      {"imag", complex, k2, "%out = stablehlo.imag %arg0 : (" + complex + ") -> " + k2},
      {"conj", complex, complex, "%out = chlo.conj %arg0 : " + complex + " -> " + complex},
      {"is_finite", k2, k2b, "%out = stablehlo.is_finite %arg0 : (" + k2 + ") -> " + k2b},
      {"convert", k2, k2i, "%out = stablehlo.convert %arg0 : (" + k2 + ") -> " + k2i},
      {"bitcast_convert", k2, k2i,
       "%out = stablehlo.bitcast_convert %arg0 : (" + k2 + ") -> " + k2i},
      {"compare", k2 + ";" + k2, k2b,
       "%out = stablehlo.compare GE, %arg0, %arg1, TOTALORDER : (tensor<2xf32>, tensor<2xf32>) "
       "-> tensor<2xi1>"},
      {"select", k2b + ";" + k2 + ";" + k2, k2,
       "%out = stablehlo.select %arg0, %arg1, %arg2 : tensor<2xi1>, tensor<2xf32>"},
      {"select by one", "tensor<i1>;" + k2 + ";" + k2, k2,
       "%out = stablehlo.select %arg0, %arg1, %arg2 : tensor<i1>, tensor<2xf32>"},
      {"clamp", k2 + ";" + k2 + ";" + k2, k2,
       "%out = stablehlo.clamp %arg0, %arg1, %arg2 : tensor<2xf32>"},
      {"clamp by one", k0 + ";" + k2 + ";" + k0, k2,
       "%out = stablehlo.clamp %arg0, %arg1, %arg2 : (tensor<f32>, tensor<2xf32>, tensor<f32>) -> "
       "tensor<2xf32>"},
      {"reduce_precision", k2, k2,
       "%out = stablehlo.reduce_precision %arg0, format = e5m2 : tensor<2xf32>"},
      {"constant", "", k2,
       "%out = stablehlo.constant dense<[1.000000e+00, -2.500000e-01]> : " + k2},
      {"constant splat", "", k23, "%out = stablehlo.constant dense<0xFF800000> : " + k23},
      {"iota", "", k23, "%out = stablehlo.iota dim = 1 : " + k23},
      {"broadcast", k2, "tensor<3x2xf32>",
       "%out = stablehlo.broadcast %arg0, sizes = [3] : (tensor<2xf32>) -> tensor<3x2xf32>"},
      {"broadcast_in_dim", k2, k23,
       "%out = stablehlo.broadcast_in_dim %arg0, dims = [0] : (tensor<2xf32>) -> tensor<2x3xf32>"},
      {"reshape", k23, "tensor<6xf32>",
       "%out = stablehlo.reshape %arg0 : (tensor<2x3xf32>) -> tensor<6xf32>"},
      {"transpose", k23, "tensor<3x2xf32>",
       "%out = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>"},
      {"reverse", k23, k23, "%out = stablehlo.reverse %arg0, dims = [0, 1] : tensor<2x3xf32>"},
      {"concatenate", k2 + ";" + k2, "tensor<4xf32>",
       "%out = stablehlo.concatenate %arg0, %arg1, dim = 0 : (tensor<2xf32>, tensor<2xf32>) -> "
       "tensor<4xf32>"},
      {"slice", "tensor<8x3xf32>", "tensor<2x1xf32>",
       "%out = stablehlo.slice %arg0 [1:7:3, 0:1] : (tensor<8x3xf32>) -> tensor<2x1xf32>"},
      {"dynamic_slice", k23 + ";" + ki + ";" + ki, "tensor<1x2xf32>",
       "%out = stablehlo.dynamic_slice %arg0, %arg1, %arg2, sizes = [1, 2] : (tensor<2x3xf32>, "
       "tensor<i32>, tensor<i32>) -> tensor<1x2xf32>"},
      {"dynamic_update_slice", k2 + ";tensor<1xf32>;" + ki, k2,
       "%out = stablehlo.dynamic_update_slice %arg0, %arg1, %arg2 : (tensor<2xf32>, "
       "tensor<1xf32>, tensor<i32>) -> tensor<2xf32>"},
      {"pad", k2 + ";" + k0, "tensor<6xf32>",
       "%out = stablehlo.pad %arg0, %arg1, low = [1], high = [2], interior = [1] : "
       "(tensor<2xf32>, tensor<f32>) -> tensor<6xf32>"},
      {"dot_general", wide + ";" + k23, k23,
       "%out = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = "
       "[DEFAULT, HIGHEST] : (tensor<2x2xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>"},
      {"dot_general in batches", "tensor<4x2x2xf32>;tensor<4x2xf32>", "tensor<4x2xf32>",
       "%out = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = "
       "[2] x [1] : (tensor<4x2x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>"},
      {"dot_general by an algorithm", wide + ";" + k23, k23,
       "%out = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], algorithm = "
       "<lhs_precision_type = f32, rhs_precision_type = f32, accumulation_type = f32, "
       "lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, "
       "allow_imprecise_accumulation = false> : (tensor<2x2xf32>, tensor<2x3xf32>) -> "
       "tensor<2x3xf32>"},
      {"convolution", "tensor<1x4x4x1xf32>;tensor<2x2x1x1xf32>", "tensor<1x2x3x1xf32>",
       "%out = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, "
       "1, f], window = {stride = [2, 1], pad = [[0, 0], [0, 0]], rhs_dilate = [1, 1], reverse = "
       "[false, true]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, "
       "precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : "
       "(tensor<1x4x4x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x1xf32>"},
      {"fft", complex, complex,
       "%out = stablehlo.fft %arg0, type = FFT, length = [2] : (" + complex + ") -> " + complex},
      {"cholesky", wide, wide, "%out = stablehlo.cholesky %arg0, lower = true : " + wide},
      {"triangular_solve", wide + ";" + k23, k23,
       "%out = \"stablehlo.triangular_solve\"(%arg0, %arg1) <{left_side = true, lower = true, "
       "transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : "
       "(tensor<2x2xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>"},
      {"reduce", k23 + ";" + k0, k2,
       "%out = stablehlo.reduce(%arg0 init: %arg1) applies stablehlo.add across dimensions = [1] : "
       "(tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>"},
      {"reduce with a body", k2 + ";" + k2i + ";" + k0 + ";" + ki, k0,
       "%out, %1 = stablehlo.reduce(%arg0 init: %arg2), (%arg1 init: %arg3) across dimensions = "
       "[0] : (tensor<2xf32>, tensor<2xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, "
       "tensor<i32>)\n"
       " reducer(%arg4: tensor<f32>, %arg5: tensor<f32>) (%arg6: tensor<i32>, %arg7: tensor<i32>)  "
       "{\n"
       "  %2 = stablehlo.compare GT, %arg4, %arg5, FLOAT : (tensor<f32>, tensor<f32>) -> "
       "tensor<i1>\n"
       "  %3 = stablehlo.select %2, %arg4, %arg5 : tensor<i1>, tensor<f32>\n"
       "  %4 = stablehlo.select %2, %arg6, %arg7 : tensor<i1>, tensor<i32>\n"
       "  stablehlo.return %3, %4 : tensor<f32>, tensor<i32>\n"
       "}"},
      {"while", ki, ki,
       "%out = stablehlo.while(%iterArg = %arg0) : tensor<i32>\n"
       "cond {\n"
       "  %c = stablehlo.constant dense<5> : tensor<i32>\n"
       "  %0 = stablehlo.compare LT, %iterArg, %c, SIGNED : (tensor<i32>, tensor<i32>) -> "
       "tensor<i1>\n"
       "  stablehlo.return %0 : tensor<i1>\n"
       "} do {\n"
       "  %c = stablehlo.constant dense<1> : tensor<i32>\n"
       "  %0 = stablehlo.add %iterArg, %c : tensor<i32>\n"
       "  stablehlo.return %0 : tensor<i32>\n"
       "}"},
      {"case", ki + ";" + k2, k2,
       "%out = \"stablehlo.case\"(%arg0) ({\n"
       "  stablehlo.return %arg1 : tensor<2xf32>\n"
       "}, {\n"
       "  %0 = stablehlo.negate %arg1 : tensor<2xf32>\n"
       "  stablehlo.return %0 : tensor<2xf32>\n"
       "}) : (tensor<i32>) -> tensor<2xf32>"},
      {"sort", k2, k2,
       "%out = \"stablehlo.sort\"(%arg0) <{dimension = 0 : i64, is_stable = true}> ({\n"
       "^bb0(%arg1: tensor<f32>, %arg2: tensor<f32>):\n"
       "  %0 = stablehlo.compare LT, %arg1, %arg2, TOTALORDER : (tensor<f32>, tensor<f32>) -> "
       "tensor<i1>\n"
       "  stablehlo.return %0 : tensor<i1>\n"
       "}) : (tensor<2xf32>) -> tensor<2xf32>"},
      {"gather", k23 + ";tensor<4x1xi32>", "tensor<4x3xf32>",
       "%out = \"stablehlo.gather\"(%arg0, %arg1) <{dimension_numbers = "
       "#stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], "
       "index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : "
       "(tensor<2x3xf32>, tensor<4x1xi32>) -> tensor<4x3xf32>"},
      {"rng_bit_generator", "tensor<2xui64>", "tensor<2xui64>",
       "%out, %output = stablehlo.rng_bit_generator %arg0, algorithm = THREE_FRY : "
       "(tensor<2xui64>) -> (tensor<2xui64>, tensor<4xui32>)"},
      {"tuple", k2 + ";" + ki, ki,
       "%0 = stablehlo.tuple %arg0, %arg1 : tuple<tensor<2xf32>, tensor<i32>>\n"
       "%out = stablehlo.get_tuple_element %0[1] : (tuple<tensor<2xf32>, tensor<i32>>) -> "
       "tensor<i32>"},
      {"optimization_barrier", k2, k2,
       "%out = stablehlo.optimization_barrier %arg0 : tensor<2xf32>"},
      {"get_dimension_size", k23, ki,
       "%out = stablehlo.get_dimension_size %arg0, dim = 1 : (tensor<2x3xf32>) -> tensor<i32>"},
      {"after_all", k2, k2,
       "%0 = stablehlo.create_token : !stablehlo.token\n"
       "%1 = stablehlo.after_all %0, %0 : !stablehlo.token\n"
       "%out = stablehlo.abs %arg0 : tensor<2xf32>"},
      {"replica_id", "", "tensor<ui32>", "%out = stablehlo.replica_id : tensor<ui32>"},
      {"top_k", k23, "tensor<2x2xf32>",
       "%out, %indices = chlo.top_k(%arg0, k = 2) : tensor<2x3xf32> -> (tensor<2x2xf32>, "
       "tensor<2x2xi32>)"},
      {"custom_call", k2, k2,
       "%out = stablehlo.custom_call @Sharding(%arg0) {mhlo.sharding = \"{replicated}\"} : "
       "(tensor<2xf32>) -> tensor<2xf32>"},
      {"sharding_constraint", k2, k2,
       "%out = sdy.sharding_constraint %arg0 <@mesh, [{\"x\"}]> : tensor<2xf32>",
       "  sdy.mesh @mesh = <[\"x\"=2]>\n"},
      {"call", k2, k2, "%out = call @\"a b\"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>",
       "  func.func private @\"a b\"(%arg0: tensor<2xf32>) -> tensor<2xf32> {\n"
       "    return %arg0 : tensor<2xf32>\n  }\n"},
      {"several results", k2, k2,
       "%out:2 = stablehlo.optimization_barrier %arg0, %arg0 : tensor<2xf32>, tensor<2xf32>"},
  };
}

// A module has a visibility of its own; what it holds names whose attributes it has.
TEST(StablehloText, AModuleAloneHasAVisibility) {
  const auto verified = [](std::string_view of_module, std::string_view of_argument) {
    const std::string text = fmt::format(
        "module {} {{\n  func.func public @main(%arg0: tensor<2xf32> {}) -> tensor<2xf32> {{\n"
        "    return %arg0 : tensor<2xf32>\n  }}\n}}\n",
        of_module, of_argument);
    const auto modules = parse(text, "m.mlir");
    return modules.ok() && Evaluator(modules.value()[0], text, "m.mlir").verify().ok();
  };
  constexpr std::string_view kVisibility = "sym_visibility = \"private\"";
  const std::string own = fmt::format("{{{}}}", kVisibility);
  EXPECT_TRUE(verified("attributes " + own, ""));
  EXPECT_TRUE(verified("", "{jax.note = 1 : i32}"));
  EXPECT_FALSE(verified("attributes {note = 1 : i32}", ""));
  EXPECT_FALSE(verified("", own));
}

TEST(StablehloText, EncodingsOfTypesAreAttributes) {
  const auto form = [](std::string_view encoding, std::string_view alias) {
    const std::string text = fmt::format(
        "{1}module {{\n  func.func public @main(%arg0: tensor<?xf32, {0}>) -> tensor<?xf32, "
        "#stablehlo.bounds<3>> {{\n    return %arg0 : tensor<?xf32, {0}>\n  }}\n}}\n",
        encoding, alias);
    const auto modules = parse(text, "m.mlir");
    EXPECT_TRUE(modules.ok()) << (modules.ok() ? "" : modules.error().message);
    return modules.ok() ? print(modules.value()[0]) : "";
  };
  const std::string plain = form("#stablehlo.bounds<3>", "");
  EXPECT_NE(plain, "");
  EXPECT_EQ(form("#stablehlo.bounds<3>\t", ""), plain);
  EXPECT_EQ(form("#stablehlo.bounds<3> // why\n", ""), plain);
  EXPECT_EQ(form("#enc", "#enc = #stablehlo.bounds<3>\n"), plain);
  EXPECT_FALSE(parse("module { func.func @main(%a: tensor<2xf32,>) { return } }", "m.mlir").ok());
}

TEST(StablehloText, EveryFormComesBack) {
  std::vector<Form> forms = elementwise_forms();
  for (Form& form : other_forms()) forms.push_back(std::move(form));
  for (const Form& form : forms) {
    SCOPED_TRACE(form.name);
    // Of several results that one name stands for the first is given back.
    std::string text = function(form.arguments, form.result, form.lines, form.around);
    if (form.lines.starts_with("%out:"))
      text.replace(text.find("return %out"), 11, "return %out#0");
    expect_comes_back(text);
  }
}

TEST(StablehloText, AttributesComeBackWhateverTheyHold) {
  for (const char* attribute : {"",
                                "true",
                                "false",
                                "7 : i32",
                                "-3 : i64",
                                "1.500000e+00 : f32",
                                "\"text\"",
                                "\"with \\22quotes\\22 and \\0A\"",
                                "@symbol",
                                "@a::@b",
                                "@\"a b\"",
                                "[]",
                                "[1 : i64, \"x\"]",
                                "{}",
                                "{inner = {deeper = [true]}}",
                                "tensor<2xf32>",
                                "i32",
                                "array<i64>",
                                "array<i64: 1, -2>",
                                "array<i1: true, false>",
                                "dense<[1, 2]> : tensor<2xi64>",
                                "dense<true> : tensor<3xi1>",
                                "dense<> : tensor<0xf32>",
                                "dense<(1.000000e+00,-0.000000e+00)> : tensor<complex<f32>>",
                                "#stablehlo<precision HIGHEST>",
                                "#sdy.sharding<@mesh, [{}, {\"x\"}]>",
                                "#stablehlo.channel_handle<handle = 1, type = 0>",
                                "\"\\C3\\A9\""}) {
    SCOPED_TRACE(attribute);
    const std::string value = *attribute ? std::string("note = ") + attribute : "note";
    expect_comes_back(
        function(k2, k2, "%out = stablehlo.add %arg0, %arg0 {" + value + "} : tensor<2xf32>"));
  }
}

TEST(StablehloText, ElementsComeBackAsTheyWereWritten) {
  for (const char* constant : {"dense<[true, false]> : tensor<2xi1>",
                               "dense<-128> : tensor<i8>",
                               "dense<255> : tensor<ui8>",
                               "dense<-9223372036854775808> : tensor<i64>",
                               "dense<18446744073709551615> : tensor<ui64>",
                               "dense<7> : tensor<i4>",
                               "dense<0x7F800000> : tensor<f32>",
                               "dense<0xFFC00000> : tensor<f32>",
                               "dense<1.17549435E-38> : tensor<f32>",
                               "dense<1.40129846E-45> : tensor<f32>",
                               "dense<3.40282347E+38> : tensor<f32>",
                               "dense<0.1> : tensor<f64>",
                               "dense<2.2250738585072014E-308> : tensor<f64>",
                               "dense<1.000980e+00> : tensor<f16>",
                               "dense<1.007810e+00> : tensor<bf16>",
                               "dense<0x7E> : tensor<f8E4M3FN>",
                               "dense<(1.000000e+00,0x7F800000)> : tensor<complex<f32>>",
                               "dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>",
                               "dense<> : tensor<0x3xi32>",
                               "dense<\"0x0100000002000000\"> : tensor<2xi32>"}) {
    SCOPED_TRACE(constant);
    const std::string type(
        std::string_view(constant).substr(std::string_view(constant).find(" : ") + 3));
    const std::string text =
        function("", type, std::string("%out = stablehlo.constant ") + constant);
    const std::string once = printed(text);
    EXPECT_EQ(printed(once), once);
    // What is written in another way than MLIR's own is the same numbers.
    const auto a = parse(text), b = parse(once);
    ASSERT_TRUE(a.ok() && b.ok()) << once;
    Evaluator one(a.value()[0]), two(b.value()[0]);
    const auto x = one.run({}), y = two.run({});
    ASSERT_TRUE(x.ok() && y.ok());
    EXPECT_EQ(x.value()[0].as_array().tensor(), y.value()[0].as_array().tensor());
  }
}

TEST(StablehloText, GenericFormsComeBackInTheCustomOnes) {
  const auto same = [](const Form& generic, const std::string& custom) {
    SCOPED_TRACE(generic.name);
    EXPECT_EQ(printed(function(generic.arguments, generic.result, generic.lines)),
              function(generic.arguments, generic.result, custom));
  };
  same({"add", k2, k2,
        "%out = \"stablehlo.add\"(%arg0, %arg0) : (tensor<2xf32>, tensor<2xf32>) -> "
        "tensor<2xf32>"},
       "%out = stablehlo.add %arg0, %arg0 : tensor<2xf32>");
  same({"iota", "", k23,
        "%out = \"stablehlo.iota\"() <{iota_dimension = 1 : i64}> : () -> tensor<2x3xf32>"},
       "%out = stablehlo.iota dim = 1 : tensor<2x3xf32>");
  same({"slice", "tensor<8xf32>", k2,
        "%out = \"stablehlo.slice\"(%arg0) <{limit_indices = array<i64: 4>, start_indices = "
        "array<i64: 1>, strides = array<i64: 2>}> : (tensor<8xf32>) -> tensor<2xf32>"},
       "%out = stablehlo.slice %arg0 [1:4:2] : (tensor<8xf32>) -> tensor<2xf32>");
  same({"older attributes", "tensor<8xf32>", k2,
        "%out = \"stablehlo.slice\"(%arg0) {limit_indices = dense<4> : tensor<1xi64>, "
        "start_indices = dense<1> : tensor<1xi64>, strides = dense<2> : tensor<1xi64>} : "
        "(tensor<8xf32>) -> tensor<2xf32>"},
       "%out = stablehlo.slice %arg0 [1:4:2] : (tensor<8xf32>) -> tensor<2xf32>");
}

TEST(StablehloText, LocationsCommentsAndBlanksAreNoPartOfIt) {
  const std::string plain = function(k2, k2, "%out = stablehlo.add %arg0, %arg0 : tensor<2xf32>");
  std::string noisy = "#loc = loc(unknown)\n#loc1 = loc(\"f\"(#loc))\n// a comment\n" + plain;
  noisy.replace(noisy.find(" : tensor<2xf32>\n    return"), 16,
                " :  tensor<2xf32>  loc(#loc1) // so");
  EXPECT_EQ(printed(noisy), plain);
}

TEST(StablehloText, ModulesAreSeparatedAndNested) {
  const std::string one = function(k2, k2, "%out = stablehlo.abs %arg0 : tensor<2xf32>");
  const auto two = parse(one + "// -----\n" + one);
  ASSERT_TRUE(two.ok()) << two.error().message;
  EXPECT_EQ(two.value().size(), 2U);
  EXPECT_EQ(print(two.value()[1]), one);
}

struct Refusal {
  std::string what, lines;
  int line, column;  // of the function's own lines, from 1
  std::string says;
};

TEST(StablehloText, WhatDoesNotParseIsRefusedAtItsPlace) {
  const std::vector<Refusal> refusals = {
      {"a value that is not defined", "%out = stablehlo.add %arg0, %no : tensor<2xf32>", 1, 29,
       "%no is not defined"},
      {"a value twice",
       "%out = stablehlo.abs %arg0 : tensor<2xf32>\n%out = stablehlo.abs %arg0 : tensor<2xf32>", 2,
       1, "defined already"},
      {"an operation that is not known", "%out = stablehlo.ad %arg0 : tensor<2xf32>", 1, 8,
       "unknown operation stablehlo.ad"},
      {"an element type that is not known", "%out = stablehlo.abs %arg0 : tensor<2xf31>", 1, 39,
       "unknown element type 'f31'"},
      {"a dimension beyond 64 bits",
       "%out = stablehlo.abs %arg0 : tensor<99999999999999999999xf32>", 1, 37, "too large"},
      {"no type", "%out = stablehlo.abs %arg0", 2, 1, "expected ':'"},
      {"more names than results", "%out, %two = stablehlo.abs %arg0 : tensor<2xf32>", 1, 14,
       "1 results, 2 are named"},
      {"a bool that is none", "%out = stablehlo.cholesky %arg0, lower = yes : tensor<2xf32>", 1, 0,
       "expected true or false"},
      {"an attribute twice", "%out = stablehlo.abs %arg0 {a = 1, a = 2} : tensor<2xf32>", 1, 36,
       "stands twice"},
      {"elements that the type has not",
       "%out = stablehlo.constant dense<[1.0, 2.0, 3.0]> : tensor<2xf32>", 1, 0, "3"},
      {"an alias that nothing defines", "%out = stablehlo.abs %arg0 {a = #b} : tensor<2xf32>", 1, 0,
       "unknown attribute alias #b"},
      {"one for more elements than can be counted",
       "%out = stablehlo.constant dense<1.0> : tensor<4294967296x4294967296x8xf32>", 1, 33,
       "more elements than can be counted"},
      {"so many complex ones",
       "%out = stablehlo.constant dense<(1.0,2.0)> : "
       "tensor<4294967296x4294967296x8xcomplex<f32>>",
       1, 33, "more elements than can be counted"},
      {"so many in an attribute",
       "%out = stablehlo.abs %arg0 {a = {b = dense<1> : tensor<562949953421312x0xi32>}} : "
       "tensor<2xf32>",
       1, 44, "a dimension is over 2^48"},
  };
  for (const Refusal& r : refusals) {
    SCOPED_TRACE(r.what);
    const auto modules = parse(function(k2, k2, r.lines), "m.mlir");
    ASSERT_FALSE(modules.ok());
    const std::string& message = modules.error().message;
    const std::string place = r.column ? fmt::format("m.mlir:{}:{}: ", r.line + 2, r.column + 4)
                                       : fmt::format("m.mlir:{}:", r.line + 2);
    EXPECT_TRUE(message.starts_with(place)) << message << "\nwanted " << place;
    EXPECT_NE(message.find(r.says), std::string::npos) << message;
    EXPECT_NE(message.find("^"), std::string::npos) << message;
  }
}

// Of what MLIR's parser and verifiers say: a line of a function, and whether it is one.
std::string why_not(const std::string& text) {
  const auto modules = parse(text, "m.mlir");
  if (!modules.ok()) return modules.error().message;
  Evaluator evaluator(modules.value()[0], text, "m.mlir");
  const Status verified = evaluator.verify();
  return verified.ok() ? "" : verified.error().message;
}

std::string with_note(const std::string& value) {
  return function(k2, k2, "%out = stablehlo.abs %arg0 {note = " + value + "} : tensor<2xf32>");
}

TEST(StablehloText, NumbersAreOfTheirTypes) {
  for (const char* good :
       {"4294967295 : i32", "200 : i8", "-128 : i8", "0x10 : i32", "-1 : i1", "1 : i321", "- 1",
        "18446744073709551615", "0x7F800000 : f32", "1. : f32", "1.0 : f80", "array<i8: 200>",
        "array<f32: 1.0>", "array<si8: 1>", "dense<200> : tensor<i8>", "dense<-1> : tensor<i1>",
        "dense<0xFF> : tensor<i8>", "dense<- 1> : tensor<i32>",
        "dense<(0x7F800000,2.0)> : tensor<complex<f32>>"})
    EXPECT_EQ(why_not(with_note(good)), "") << good;
  for (const char* bad : {"1 : f32",
                          "-1 : f32",
                          "1.0 : i32",
                          "99999999999 : i32",
                          "256 : i8",
                          "-129 : i8",
                          "-0 : i32",
                          "-1 : ui8",
                          "2 : i1",
                          "9223372036854775808 : index",
                          "18446744073709551616",
                          "-9223372036854775809",
                          "+1",
                          "1 : tensor<i32>",
                          "1.0 : complex<f32>",
                          "array<i8: 300>",
                          "array<i1: 1>",
                          "array<f32: 1>",
                          "array<index: 1>",
                          "array<i321: 1>",
                          "dense<1> : tensor<f32>",
                          "dense<[1.0, 2]> : tensor<2xf32>",
                          "dense<(1.0,2)> : tensor<complex<f32>>",
                          "dense<256> : tensor<i8>",
                          "dense<-0> : tensor<i8>",
                          "dense<+1> : tensor<i32>",
                          "dense<1.0> : tensor<i32>"})
    EXPECT_NE(why_not(with_note(bad)).find("m.mlir:3:"), std::string::npos) << bad;
  EXPECT_NE(printed(with_note("200 : i8")).find("note = -56 : i8"), std::string::npos);
  EXPECT_NE(printed(with_note("0x10 : i32")).find("note = 16 : i32"), std::string::npos);
  EXPECT_NE(printed(with_note("1 : i1")).find("note = true}"), std::string::npos);
}

TEST(StablehloText, NamesAndAttributesHaveMlirsGrammar) {
  for (const char* good :
       {"@\"64\"", "@a :: @b", "{i32 = 1}", "{\"1\" = 1}", "#stablehlo<precision  HIGH >",
        "#stablehlo<gather<offset_dims = [0]>>", "#stablehlo.gather<index_vector_dim = 1,>",
        "#stablehlo.channel_handle<type = 0, handle = 1>",
        "#stablehlo.conv<[b, 0, f] x [0, i, o] -> [b, 0, f]>", "#stablehlo.bounds<3 , ?>", "si8"})
    EXPECT_EQ(why_not(with_note(good)), "") << good;
  for (const char* bad :
       {"@64", "@ a", "{1 = 1}", "{\"\" = 1}", "! stablehlo.token", "#stablehlo<precision SUPERB>",
        "#stablehlo<nothing HIGH>", "#stablehlo.nothing<1>",
        "#stablehlo.gather<offset_dims = [0] index_vector_dim = 1>",
        "#stablehlo.gather<offset_dims = [0 1]>", "#stablehlo.gather<other = [0]>",
        "#stablehlo.gather<index_vector_dim = 1, index_vector_dim = 1>",
        "#stablehlo.dot<lhs_contracting_dimensions = [1] rhs_contracting_dimensions = [0]>",
        "#stablehlo.channel_handle<handle = 1>", "#stablehlo.bounds<3 ?>",
        "#stablehlo.conv<[b 0, f]x[0, i, o]->[b, 0, f]>",
        "#stablehlo.conv<[b, 0, q]x[0, i, o]->[b, 0, f]>",
        "#stablehlo.output_operand_alias<operand_index = 0>"})
    EXPECT_NE(why_not(with_note(bad)).find("m.mlir:3:"), std::string::npos) << bad;
  const std::string plain = function(k2, k2, "%out = stablehlo.abs %arg0 : tensor<2xf32>");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = plain;
    text.replace(text.find(from), from.size(), to);
    return why_not(text);
  };
  EXPECT_EQ(changed("@m", "@m attributes {jax.a = 1}"), "");
  EXPECT_NE(changed("@m", "@m attributes {a = 1}"), "");
  EXPECT_NE(changed("@m", "@64"), "");
  EXPECT_EQ(changed("f32>) ->", "f32> {jax.a = 1}) ->"), "");
  EXPECT_NE(changed("f32>) ->", "f32> {a = 1}) ->"), "");
  EXPECT_NE(changed("-> tensor<2xf32>", "-> (tensor<2xf32> {a})"), "");
  EXPECT_EQ(why_not(plain + "%0 = stablehlo.constant dense<1> : tensor<i32>\n"), "");
}

TEST(StablehloText, WordsAreWhole) {
  const auto of = [](const std::string& line) { return why_not(function(k2, k2, line)); };
  EXPECT_EQ(of("%out = stablehlo.reverse %arg0,dims=[0]:tensor<2xf32>"), "");
  EXPECT_NE(of("%out = stablehlo.reverse %arg0, d ims = [0] : tensor<2xf32>"), "");
  EXPECT_EQ(of("%out = stablehlo.reduce_precision %arg0, format = e05m02 : tensor<2xf32>"), "");
  EXPECT_NE(of("%out = stablehlo.reduce_precision %arg0, format = e 5m2 : tensor<2xf32>"), "");
  EXPECT_EQ(of("%0 : 1 = stablehlo.abs %arg0 : tensor<2xf32>\n"
               "%out = stablehlo.abs %0 #0 : tensor<2xf32>"),
            "");
  EXPECT_NE(of("%0:1 = stablehlo.abs %arg0 : tensor<2xf32>\n"
               "%out = stablehlo.abs %0# 0 : tensor<2xf32>"),
            "");
  EXPECT_NE(of("%1a = stablehlo.abs %arg0 : tensor<2xf32>\n"
               "%out = stablehlo.abs %1a : tensor<2xf32>"),
            "");
  for (const bool whole : {true, false})
    EXPECT_EQ(
        why_not(function(k2, k0,
                         "%z = stablehlo.constant dense<0.0> : tensor<f32>\n"
                         "%out = stablehlo.reduce(%arg0 init: %z) applies stablehlo.add across" +
                             std::string(whole ? " " : "") +
                             "dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>"))
            .empty(),
        whole);
}

TEST(StablehloText, BlanksAndLineBreaksStandBetweenPartsOfATypeAsWell) {
  const std::string plain = function("tensor<2x3xcomplex<f32>>", "tensor<2x3xcomplex<f32>>",
                                     "%out = chlo.conj %arg0 : tensor<2x3xcomplex<f32>> -> "
                                     "tensor<2x3xcomplex<f32>>");
  for (const char* written :
       {"tensor <2x3xcomplex<f32>>", "tensor<2x3xcomplex<f32>\n>", "tensor<2\nx3 x complex<f32>>",
        "tensor<2x3xcomplex < f32 > >", "tensor<2 x // two\n 3xcomplex<f32>>"}) {
    std::string text = plain;
    text.replace(text.find("tensor<2x3xcomplex<f32>> ->"), 24, written);
    EXPECT_EQ(why_not(text), "") << written;
    EXPECT_EQ(printed(text), plain) << written;
  }
  const std::string wrong = function(k2, k2, "%out = stablehlo.abs %arg0 : tensor<\n2 x\nf31>");
  EXPECT_TRUE(why_not(wrong).starts_with("m.mlir:5:5: unknown element type 'f31'"))
      << why_not(wrong);
}

TEST(StablehloText, OperationsHaveTheElementsOfTheirSpecification) {
  const auto unary = [](const std::string& name, const std::string& element,
                        const std::string& result) {
    const std::string from = "tensor<2x" + element + ">", to = "tensor<2x" + result + ">";
    const bool chlo = name.starts_with("chlo.");
    return why_not(function(from, to,
                            fmt::format("%out = {} %arg0 : {}{}{} -> {}", name, chlo ? "" : "(",
                                        from, chlo ? "" : ")", to)));
  };
  EXPECT_EQ(unary("stablehlo.abs", "i32", "i32"), "");
  EXPECT_EQ(unary("stablehlo.abs", "complex<f32>", "f32"), "");
  EXPECT_EQ(unary("stablehlo.real", "f32", "f32"), "");
  EXPECT_EQ(unary("stablehlo.bitcast_convert", "f64", "i64"), "");
  const char* const refused[][3] = {{"stablehlo.abs", "ui32", "ui32"},
                                    {"stablehlo.sign", "ui8", "ui8"},
                                    {"stablehlo.is_finite", "complex<f32>", "i1"},
                                    {"stablehlo.real", "i32", "i32"},
                                    {"chlo.conj", "i32", "i32"},
                                    {"chlo.square", "i32", "i32"},
                                    {"stablehlo.bitcast_convert", "complex<f32>", "i64"},
                                    {"stablehlo.bitcast_convert", "f64", "complex<f32>"}};
  for (const auto& [name, element, result] : refused)
    EXPECT_NE(unary(name, element, result), "") << name << " " << element;
  EXPECT_NE(why_not(function("", "tensor<2xi1>", "%out = stablehlo.iota dim = 0 : tensor<2xi1>")),
            "");
}

TEST(StablehloText, WhatBreaksARuleIsRefusedAtItsOperation) {
  const std::vector<Refusal> refusals = {
      {"another shape", "%out = stablehlo.reshape %arg0 : (tensor<2xf32>) -> tensor<3xf32>", 1, 8,
       ""},
      {"a permutation that is none",
       "%out = stablehlo.transpose %arg0, dims = [1] : (tensor<2xf32>) -> tensor<2xf32>", 1, 8, ""},
      {"a slice behind the end",
       "%out = stablehlo.slice %arg0 [1:9] : (tensor<2xf32>) -> tensor<8xf32>", 1, 8, ""},
      {"a dimension that is not there",
       "%out = stablehlo.broadcast_in_dim %arg0, dims = [4] : (tensor<2xf32>) -> tensor<2x3xf32>",
       1, 8, ""},
      {"types that a comparison does not give",
       "%out = stablehlo.compare LT, %arg0, %arg0 : (tensor<2xf32>, tensor<2xf32>) -> "
       "tensor<2xf32>",
       1, 8, ""},
      {"a condition that is no bool",
       "%out = stablehlo.while(%iterArg = %arg0) : tensor<2xf32>\ncond {\n  stablehlo.return "
       "%iterArg : tensor<2xf32>\n} do {\n  stablehlo.return %iterArg : tensor<2xf32>\n}",
       1, 8, ""},
      {"a function that is not there",
       "%out = call @nobody(%arg0) : (tensor<2xf32>) -> tensor<2xf32>", 1, 8, "nobody"},
      {"other results than it says",
       "%0 = stablehlo.abs %arg0 : tensor<2xf32>\n%out = "
       "stablehlo.concatenate %0, %0, dim = 0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>",
       0, 0, ""},
  };
  for (const Refusal& r : refusals) {
    SCOPED_TRACE(r.what);
    std::string text = function(k2, k2, r.lines);
    // The result's type is what the lines say, but in the last case.
    const auto modules = parse(text, "m.mlir");
    if (r.line == 0) {
      EXPECT_FALSE(modules.ok() && Evaluator(modules.value()[0], text, "m.mlir").verify().ok());
      continue;
    }
    if (!modules.ok()) {
      EXPECT_NE(modules.error().message.find("m.mlir:"), std::string::npos);
      continue;
    }
    Evaluator evaluator(modules.value()[0], text, "m.mlir");
    const Status verified = evaluator.verify();
    ASSERT_FALSE(verified.ok());
    EXPECT_TRUE(verified.error().message.starts_with(
        fmt::format("m.mlir:{}:{}: ", r.line + 2, r.column + 4)))
        << verified.error().message;
    EXPECT_NE(verified.error().message.find(r.says), std::string::npos) << verified.error().message;
  }
}

TEST(StablehloText, NestingHasAnEnd) {
  std::string deep = "1 : i64";
  for (int i = 0; i < 5000; ++i) deep = "[" + deep + "]";
  const auto modules =
      parse(function(k2, k2, "%out = stablehlo.abs %arg0 {a = " + deep + "} : tensor<2xf32>"));
  ASSERT_FALSE(modules.ok());
  EXPECT_NE(modules.error().message.find("deep"), std::string::npos) << modules.error().message;
}

// By the square of their number this would last beyond the test's limit.
TEST(StablehloText, ManyAttributesAreReadAtOnce) {
  std::string many = "{a = 1";
  for (int i = 0; i < 400'000; ++i) many += fmt::format(", a{} = 1", i);
  for (const std::string& text :
       {"module attributes " + many + "} {\n}\n",
        function(k2, k2, "%out = stablehlo.abs %arg0 " + many + "} : tensor<2xf32>")}) {
    const auto modules = parse(text);
    EXPECT_TRUE(modules.ok()) << modules.error().message;
  }
}

TEST(StablehloText, CanonicalTextsForgetNamesAndNothingThatIsComputed) {
  const auto canonical_of = [](const std::string& text) {
    const auto modules = parse(text);
    EXPECT_TRUE(modules.ok()) << modules.error().message;
    return modules.ok() ? canonical(modules.value()[0]) : "";
  };
  const std::string text = function(k2 + ";" + k2, k2,
                                    "%x = stablehlo.add %arg0, %arg1 : tensor<2xf32>\n"
                                    "%out = stablehlo.abs %x : tensor<2xf32>");
  std::string renamed = text;
  for (std::size_t at; (at = renamed.find("%x")) != std::string::npos;)
    renamed.replace(at, 2, "%another");
  renamed.replace(renamed.find("@m"), 2, "@other");
  EXPECT_EQ(canonical_of(renamed), canonical_of(text));
  std::string swapped = text;
  swapped.replace(swapped.find("%arg0, %arg1 :"), 12, "%arg1, %arg0");
  EXPECT_NE(canonical_of(swapped), canonical_of(text));
  std::string other = text;
  other.replace(other.find("stablehlo.abs"), 13, "stablehlo.tan");
  EXPECT_NE(canonical_of(other), canonical_of(text));
}

}  // namespace
}  // namespace jaxsmith::stablehlo
