// References to arrays that are written to: r[…], as jax/_src/state/primitives.py prints it.
#include <fmt/format.h>

#include <charconv>

#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

const std::shared_ptr<Array>& cell_at(const Call& c, std::size_t i) {
  const Value& v = c.value(i);
  if (v.kind != Value::Kind::kRef)
    invalid(fmt::format("a reference is wanted, not {}", type_text(v)));
  return v.cell;
}

// The part of an array that r[0,1:3,:,i] means: where it starts and how large it is.
struct Part {
  std::vector<Array> starts;
  Ints sizes;
  Shape shape;  // without the dimensions of which one element is taken
};

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class PartReader {
 public:
  PartReader(const Call& c, const Shape& shape) : c_(c), shape_(shape) {}

  Part read(std::string_view text) {
    if (text.size() < 2 || text[0] != '[' || text.find(']') + 1 != text.size())
      unsupported(fmt::format("a reference's part {}", text.substr(0, 60)));
    text = text.substr(1, text.size() - 2);
    if (text == "...") {
      while (part_.sizes.size() < shape_.size()) whole();
      return std::move(part_);
    }
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      index(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    require(part_.sizes.size() == shape_.size(), "as many indices are wanted as dimensions");
    return std::move(part_);
  }

 private:
  std::int64_t size() const {
    require(part_.sizes.size() < shape_.size(), "there are more indices than dimensions");
    return shape_[part_.sizes.size()];
  }
  void add(Array start, std::int64_t count, bool keeps) {
    part_.starts.push_back(std::move(start));
    part_.sizes.push_back(count);
    if (keeps) part_.shape.push_back(count);
  }
  void whole() { add(c_.make().scalar_int(DType::kI32, 0), size(), true); }

  void index(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    const std::int64_t n = size();
    const std::size_t colon = text.find(':');
    if (text == ":") return whole();
    if (colon == std::string_view::npos) return element(text, n);
    const auto from = colon == 0 ? std::optional<std::int64_t>(0) : integer(text.substr(0, colon));
    const std::string_view rest = text.substr(colon + 1);
    const auto to = rest.empty() ? std::optional<std::int64_t>(n) : integer(rest);
    if (!from || !to) unsupported(fmt::format("a reference's index {}", text));
    if (*from < 0 || *to < *from || *to > n)
      invalid(fmt::format("index {} of a dimension of size {}", text, n));
    add(c_.make().scalar_int(DType::kI64, *from), *to - *from, true);
  }

  void element(std::string_view text, std::int64_t n) {
    if (const auto i = integer(text)) {
      if (*i < 0 || *i >= n) invalid(fmt::format("index {} of a dimension of size {}", *i, n));
      return add(c_.make().scalar_int(DType::kI64, *i), 1, false);
    }
    const Array& i = c_.variable(text).as_array();
    if (i.rank() != 0) unsupported("a reference's index that is an array");
    if (!tensor::is_integer(i.dtype())) invalid("a reference's index is no integer");
    add(i, 1, false);
  }

  const Call& c_;
  const Shape& shape_;
  Part part_;
};

Part part_of(const Call& c, const Array& content) {
  const auto& operands = c.equation().operands;
  const std::string& text = operands.at(0).transforms;
  return PartReader(c, content.shape()).read(text.empty() ? "[...]" : text);
}

Values get_rule(const Call& c) {
  c.want(1);
  const Array& content = *cell_at(c, 0);
  const Part part = part_of(c, content);
  return {tensor::dynamic_slice(content, part.starts, part.sizes).reshaped(part.shape)};
}

// What the reference holds there; `make` gives what it holds then.
template <class F>
Array replace(const Call& c, F make) {
  c.want(2);
  Array& content = *cell_at(c, 0);
  const Array& value = c.array(1);
  const Part part = part_of(c, content);
  const Array before = tensor::dynamic_slice(content, part.starts, part.sizes).reshaped(part.shape);
  if (!value.same_type(before))
    invalid(fmt::format("{} is written where the reference holds {}", value.type_text(),
                        before.type_text()));
  if (!c.abstract())
    content = tensor::dynamic_update_slice(content, make(before, value).reshaped(Shape(part.sizes)),
                                           part.starts);
  return before;
}

Values swap_rule(const Call& c) {
  Array before = replace(c, [](const Array&, const Array& value) { return value; });
  if (c.result_count() == 0) return {};
  return {before};
}

Values add_update_rule(const Call& c) {
  replace(c, [](const Array& before, const Array& value) {
    return tensor::binary(Binary::add, before, value);
  });
  return {};
}

Values new_rule(const Call& c) {
  c.want(1);
  return {Value::ref(c.array(0))};
}

Values freeze_rule(const Call& c) {
  c.want(1);
  return {*cell_at(c, 0)};
}

Values empty_rule(const Call& c) {
  c.want(0);
  const Type& t = c.result_type();
  if (!t.is_ref) invalid("the result is no reference");
  return {Value::ref(c.make().zeros(t.dtype, t.shape))};
}

}  // namespace

void add_reference_rules(OpRules& rules) {
  const OpRules own = {
      {"addupdate", add_update_rule},
      {"empty_ref", empty_rule},
      {"free_ref", [](const Call&) { return Values(); }},
      {"freeze", freeze_rule},
      {"get", get_rule},
      {"new_ref", new_rule},
      {"ref", new_rule},
      {"mutable_array", new_rule},
      {"swap", swap_rule},
  };
  rules.insert(rules.end(), own.begin(), own.end());
}

}  // namespace jaxsmith::jaxpr
