#include "ir/stablehlo/dialect_attributes.h"

#include <algorithm>
#include <vector>

#include "base/word_list.h"

namespace jaxsmith::stablehlo {
namespace {

struct Enumeration {
  std::string_view name, words;
};

// WEAKORDER: StableHLO's own tests compare so.
constexpr Enumeration kEnumerations[] = {
    {"precision", "DEFAULT HIGH HIGHEST"},
    {"comparison_direction", "EQ NE GE GT LE LT"},
    {"comparison_type", "NOTYPE FLOAT TOTALORDER SIGNED UNSIGNED WEAKORDER"},
    {"fft_type", "FFT IFFT RFFT IRFFT"},
    {"rng_algorithm", "DEFAULT THREE_FRY PHILOX"},
    {"rng_distribution", "UNIFORM NORMAL"},
    {"transpose", "TRANSPOSE_INVALID NO_TRANSPOSE TRANSPOSE ADJOINT"},
};

// Parts as "name:kind". A record has all of them, once each, in any order or in this one; others
// have any of them, and may end with a comma.
struct Form {
  enum class Order { kAny, kRecord, kInOrder };
  std::string_view name;
  Order order;
  std::string_view parts;
};

constexpr Form kForms[] = {
    {"dot", Form::Order::kAny,
     "lhs_batching_dimensions:ints rhs_batching_dimensions:ints lhs_contracting_dimensions:ints "
     "rhs_contracting_dimensions:ints"},
    {"gather", Form::Order::kAny,
     "offset_dims:ints collapsed_slice_dims:ints operand_batching_dims:ints "
     "start_indices_batching_dims:ints start_index_map:ints index_vector_dim:int"},
    {"scatter", Form::Order::kAny,
     "update_window_dims:ints inserted_window_dims:ints input_batching_dims:ints "
     "scatter_indices_batching_dims:ints scatter_dims_to_operand_dims:ints index_vector_dim:int"},
    {"channel_handle", Form::Order::kRecord, "handle:int type:int"},
    {"output_operand_alias", Form::Order::kInOrder,
     "output_tuple_indices:ints operand_index:int operand_tuple_indices:ints"},
    {"dot_algorithm", Form::Order::kInOrder,
     "lhs_precision_type:word rhs_precision_type:word accumulation_type:word "
     "lhs_component_count:int rhs_component_count:int num_primitive_operations:int "
     "allow_imprecise_accumulation:bool"},
};

// What is kept as it is written, and read by whoever uses it.
constexpr std::string_view kKept =
    "type_extensions result_accuracy result_accuracy_mode replica_group_mesh_axes mesh mesh_axis "
    "axis_ref ragged_dot";

std::string ints(Scanner& in) {
  std::string out = "[";
  in.expect("[");
  if (in.peek() != ']') do {
      out += (out.size() > 1 ? ", " : "") + std::to_string(in.integer());
    } while (in.take(","));
  in.expect("]");
  return out + "]";
}

std::string value(std::string_view kind, Scanner& in) {
  if (kind == "ints") return ints(in);
  if (kind == "int") return std::to_string(in.integer());
  if (kind == "word") return std::string(in.word("a type"));
  if (!in.starts("true") && !in.starts("false")) in.refuse("expected true or false");
  return std::string(in.word("true or false"));
}

std::string body(const Form& form, Scanner& in) {
  std::vector<std::string_view> names, kinds, read;
  each_word(form.parts, [&](std::string_view part) {
    const std::size_t colon = part.find(':');
    names.push_back(part.substr(0, colon));
    kinds.push_back(part.substr(colon + 1));
  });
  std::string out;
  const bool any = form.order == Form::Order::kAny;
  while (any ? in.peek() != '>' : read.size() < names.size()) {
    if (!read.empty()) {
      in.expect(",");
      if (any && in.peek() == '>') break;
      out += ", ";
    }
    in.peek();
    const std::size_t at = in.offset();
    const std::string_view name = in.word("a part of the attribute");
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      in.refuse_at(at, "#stablehlo." + std::string(form.name) + " has no " + std::string(name));
    const auto place = static_cast<std::size_t>(found - names.begin());
    if (form.order == Form::Order::kInOrder && place != read.size())
      in.refuse_at(at, "expected '" + std::string(names[read.size()]) + "'");
    if (std::find(read.begin(), read.end(), name) != read.end())
      in.refuse_at(at, "'" + std::string(name) + "' stands twice");
    read.push_back(name);
    in.expect("=");
    out += std::string(name) + " = " + value(kinds[place], in);
  }
  return out;
}

// 3, ?
std::string bounds(Scanner& in) {
  std::string out;
  if (in.peek() != '>') do {
      out += out.empty() ? "" : ", ";
      out += in.take("?") ? "?" : std::to_string(in.integer());
    } while (in.take(","));
  return out;
}

}  // namespace

std::string convolution_dims(Scanner& in) {
  struct Side {
    std::string_view letters, behind;
  };
  std::string out;
  for (const Side& side : {Side{"bf", "x"}, Side{"io", "->"}, Side{"bf", ""}}) {
    in.expect("[");
    out += '[';
    bool first = true;
    if (in.peek() != ']') do {
        out += first ? "" : ", ";
        first = false;
        in.peek();
        const std::size_t at = in.offset();
        if (in.take("?")) {
          out += '?';
        } else if (is_digit(in.raw())) {
          out += std::to_string(in.integer());
        } else {
          const std::string_view letter = in.word("a dimension");
          if (letter.size() != 1 || side.letters.find(letter[0]) == std::string_view::npos)
            in.refuse_at(at, "there is no dimension '" + std::string(letter) + "' here");
          out += letter;
        }
      } while (in.take(","));
    in.expect("]");
    out += ']';
    if (side.behind.empty()) continue;
    in.expect(side.behind);
    out += side.behind;
  }
  return out;
}

std::string_view enumeration(std::string_view name) {
  for (const Enumeration& e : kEnumerations)
    if (e.name == name) return e.words;
  return {};
}

std::string attribute_body(std::string_view name, Scanner& in) {
  const std::size_t open = in.offset() - 1;
  if (name == "bounds") return bounds(in);
  const bool older = name == "conv" && in.starts("raw");
  if (name == "conv" && !older) return convolution_dims(in);
  for (const Form& form : kForms)
    if (form.name == name) return body(form, in);
  if (!older && !is_word_of(kKept, name))
    in.refuse_at(open, "StableHLO has no attribute " + std::string(name));
  in.move_to(open);
  std::string out(in.balanced('<'));
  in.move_to(in.offset() - 1);
  return out;
}

}  // namespace jaxsmith::stablehlo
