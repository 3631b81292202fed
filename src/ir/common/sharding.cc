#include "ir/common/sharding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tensor/movement.h"

namespace jaxsmith::ir {

using tensor::Array;

namespace {

// The few signs that both forms are made of.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\\'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) tensor::invalid(fmt::format("a sharding is not understood: {}", text_));
  }
  std::string string() {
    expect('"');
    const std::size_t end = text_.find_first_of("\"\\", at_);
    if (end == std::string_view::npos)
      tensor::invalid(fmt::format("a sharding is not understood: {}", text_));
    std::string out(text_.substr(at_, end - at_));
    at_ = end;
    expect('"');
    return out;
  }
  std::string word() {
    peek();
    const std::size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  text_[at_] == '_' || text_[at_] == '.'))
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  std::int64_t number() {
    peek();
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
    if (error != std::errc())
      tensor::invalid(fmt::format("a sharding is not understood: {}", text_));
    at_ = static_cast<std::size_t>(end - text_.data());
    return out;
  }
  void skip_to(char c) {
    while (peek() != c && peek() != '\0') ++at_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

Sharding parse_sharding(Reader& in) {
  Sharding out;
  in.expect('<');
  if (!in.take('@')) tensor::unsupported("a sharding without a named mesh");
  out.mesh = in.word();
  in.expect(',');
  in.expect('[');
  while (!in.take(']')) {
    in.expect('{');
    std::vector<std::string> axes;
    while (!in.take('}')) {
      if (in.take('?')) continue;  // open: whoever propagates may divide further
      axes.push_back(in.string());
      if (in.peek() == ':') tensor::unsupported("a sharding by a part of an axis");
      in.take(',');
    }
    out.dims.push_back(std::move(axes));
    in.take(',');
  }
  in.skip_to('>');  // replicated={…}, unreduced={…}: these hold for what is not divided
  in.expect('>');
  return out;
}

std::int64_t pieces(const Sharding& s, const Mesh& mesh, std::size_t dim) {
  return dim < s.dims.size() ? mesh.count_along(s.dims[dim]) : 1;
}

// Where a device's part begins.
Ints offsets(const Sharding& s, const Mesh& mesh, const tensor::Shape& part, std::int64_t device) {
  Ints out;
  for (std::size_t d = 0; d < part.size(); ++d)
    out.push_back(d < s.dims.size() ? mesh.index_along(device, s.dims[d]) * part[d] : 0);
  return out;
}

}  // namespace

std::int64_t Mesh::size() const {
  std::int64_t n = 1;
  for (const auto& [name, size] : axes) n *= size;
  return n;
}

void Mesh::add_axis(std::string name, std::int64_t size) {
  if (size < 1 || size > kMostDevices / this->size())
    tensor::invalid(fmt::format("a mesh has 1 to {} devices", kMostDevices));
  if (axes.size() == kMostAxes)
    tensor::unsupported(fmt::format("a mesh of more than {} axes", kMostAxes));
  if (std::ranges::find(axes, name, &std::pair<std::string, std::int64_t>::first) != axes.end())
    tensor::invalid(fmt::format("the mesh has two axes \"{}\"", name));
  axes.emplace_back(std::move(name), size);
}

Ints Mesh::coordinates(std::int64_t device) const {
  if (!device_ids.empty()) {
    const auto found = std::find(device_ids.begin(), device_ids.end(), device);
    if (found == device_ids.end())
      tensor::invalid(fmt::format("device {} is not in the mesh", device));
    device = found - device_ids.begin();
  }
  Ints out(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    out[i] = device % axes[i].second;
    device /= axes[i].second;
  }
  return out;
}

std::int64_t Mesh::device_at(const Ints& coordinates) const {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) at = at * axes[i].second + coordinates[i];
  return device_ids.empty() ? at : device_ids.at(static_cast<std::size_t>(at));
}

std::int64_t Mesh::axis_size(std::string_view axis) const {
  for (const auto& [name, size] : axes)
    if (name == axis) return size;
  tensor::invalid(fmt::format("the mesh has no axis \"{}\"", axis));
}

std::int64_t Mesh::count_along(const std::vector<std::string>& over) const {
  std::int64_t n = 1;  // no more than the mesh has, as no axis comes twice
  for (auto axis = over.begin(); axis != over.end(); ++axis) {
    const std::int64_t size = axis_size(*axis);
    if (std::find(over.begin(), axis, *axis) != axis)
      tensor::invalid(fmt::format("axis \"{}\" comes twice", *axis));
    n *= size;
  }
  return n;
}

Ints Mesh::group(std::int64_t device, const std::vector<std::string>& over) const {
  const std::int64_t n = count_along(over);
  Ints out, place = coordinates(device);
  for (std::int64_t k = 0; k < n; ++k) {
    std::int64_t rest = k;
    for (std::size_t i = over.size(); i-- > 0;) {
      for (std::size_t a = 0; a < axes.size(); ++a)
        if (axes[a].first == over[i]) place[a] = rest % axes[a].second;
      rest /= axis_size(over[i]);
    }
    out.push_back(device_at(place));
  }
  return out;
}

std::vector<Ints> Mesh::groups(const std::vector<std::string>& over) const {
  const std::int64_t devices = size();
  if (!device_ids.empty()) tensor::unsupported("groups of a mesh whose devices have other numbers");
  std::vector<bool> seen(static_cast<std::size_t>(devices), false);
  std::vector<Ints> out;
  for (std::int64_t d = 0; d < devices; ++d) {
    if (seen[static_cast<std::size_t>(d)]) continue;
    out.push_back(group(d, over));
    for (const std::int64_t member : out.back()) seen[static_cast<std::size_t>(member)] = true;
  }
  return out;
}

std::int64_t Mesh::index_along(std::int64_t device, const std::vector<std::string>& over) const {
  count_along(over);
  const Ints place = coordinates(device);
  std::int64_t index = 0;
  for (const std::string& axis : over) {
    index *= axis_size(axis);
    for (std::size_t a = 0; a < axes.size(); ++a)
      if (axes[a].first == axis) index += place[a];
  }
  return index;
}

std::int64_t whole_size(std::int64_t part, std::int64_t devices) {
  return Array::typed(tensor::DType::kBool, {part, devices}).size();
}

Mesh parse_mesh(std::string_view text) {
  Reader in(text);
  Mesh out;
  in.expect('<');
  if (in.take('[')) {
    while (!in.take(']')) {
      std::string name = in.string();
      in.expect('=');
      out.add_axis(std::move(name), in.number());
      in.take(',');
    }
  }
  if (in.take(',')) {
    if (in.word() != "device_ids") tensor::invalid("a mesh has axes and device_ids");
    in.expect('=');
    in.expect('[');
    while (!in.take(']')) {
      out.device_ids.push_back(in.number());
      in.take(',');
    }
    if (static_cast<std::int64_t>(out.device_ids.size()) != out.size())
      tensor::unsupported("a mesh of other devices than its axes have");
  }
  in.expect('>');
  return out;
}

std::vector<Sharding> parse_shardings(std::string_view text) {
  Reader in(text);
  std::vector<Sharding> out;
  in.expect('[');
  while (!in.take(']')) {
    out.push_back(parse_sharding(in));
    in.take(',');
  }
  return out;
}

Array shard(const Array& whole, const Sharding& sharding, const Mesh& mesh, std::int64_t device) {
  if (sharding.dims.size() > whole.shape().size())
    tensor::invalid("a sharding has more dimensions than its array");
  tensor::Shape part = whole.shape();
  for (std::size_t d = 0; d < part.size(); ++d) {
    const std::int64_t n = pieces(sharding, mesh, d);
    if (part[d] % n != 0)
      tensor::invalid(
          fmt::format("dimension {} of {} elements is not divided by {} devices", d, part[d], n));
    part[d] /= n;
  }
  const Ints start = offsets(sharding, mesh, part, device);
  Ints limit = start;
  for (std::size_t d = 0; d < part.size(); ++d) limit[d] += part[d];
  return tensor::slice(whole, start, limit, Ints(part.size(), 1));
}

Array assemble(const std::vector<Array>& parts, const Sharding& sharding, const Mesh& mesh) {
  if (parts.empty()) tensor::invalid("there is no part to make an array of");
  const tensor::Shape& part = parts[0].shape();
  if (sharding.dims.size() > part.size())
    tensor::invalid("a sharding has more dimensions than its array");
  tensor::Shape whole = part;
  for (std::size_t d = 0; d < whole.size(); ++d)
    whole[d] = whole_size(whole[d], pieces(sharding, mesh, d));
  Array out = parts[0].zeros(parts[0].dtype(), whole);
  if (out.abstract()) return out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].same_type(parts[0])) tensor::invalid("devices hold parts of different types");
    std::vector<Array> starts;
    for (const std::int64_t o : offsets(sharding, mesh, part, static_cast<std::int64_t>(i)))
      starts.push_back(out.scalar_int(tensor::DType::kI64, o));
    out = tensor::dynamic_update_slice(out, parts[i], starts);
  }
  return out;
}

}  // namespace jaxsmith::ir
