#include "tensor/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "base/files.h"
#include "tensor/array.h"
#include "tensor/sizes.h"

namespace jaxsmith::tensor {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLongestHeader = 1 << 20;

struct Kind {
  DType dtype;
  std::string_view code;  // without the sign of the byte order
};
constexpr std::array<Kind, 14> kKinds = {{{DType::kBool, "b1"},
                                          {DType::kI8, "i1"},
                                          {DType::kI16, "i2"},
                                          {DType::kI32, "i4"},
                                          {DType::kI64, "i8"},
                                          {DType::kU8, "u1"},
                                          {DType::kU16, "u2"},
                                          {DType::kU32, "u4"},
                                          {DType::kU64, "u8"},
                                          {DType::kF16, "f2"},
                                          {DType::kF32, "f4"},
                                          {DType::kF64, "f8"},
                                          {DType::kC64, "c8"},
                                          {DType::kC128, "c16"}}};

Error broken(const std::string& path, const std::string& why) {
  return Error::usage(fmt::format("{}: {}; save it with numpy.save", path, why));
}

// The value behind 'key': in the header, a Python dictionary.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 3);
  while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  return rest;
}

std::optional<Shape> shape_of(std::string_view text) {
  Shape out;
  if (!text.starts_with("(")) return std::nullopt;
  const std::size_t end = text.find(')');
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(1, end - 1);
  while (!text.empty()) {
    if (text[0] == ' ' || text[0] == ',') {
      text.remove_prefix(1);
      continue;
    }
    std::int64_t n = 0;
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || n < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(next - text.data()));
    out.push_back(n);
  }
  return out;
}

std::string to_row_major(const std::string& bytes, Shape shape, std::size_t width) {
  std::erase(shape, 1);  // of which there may be many more than elements
  std::string out(bytes.size(), '\0');
  const std::int64_t n = element_count(shape);
  for (std::int64_t i = 0; i < n; ++i) {
    // Column-major, a dimension weighs as much as those before it have elements.
    std::int64_t rest = i, from = 0, total = n;
    for (std::size_t d = shape.size(); d-- > 0;) {
      total /= shape[d];
      from += rest % shape[d] * total;
      rest /= shape[d];
    }
    out.replace(static_cast<std::size_t>(i) * width, width, bytes,
                static_cast<std::size_t>(from) * width, width);
  }
  return out;
}

// At most so many bytes; a file that says it has more than it has costs no more than it has.
std::string read_some(std::istream& in, std::size_t count) {
  constexpr std::size_t kPiece = 1 << 20;
  std::string out;
  while (in && out.size() < count) {
    const std::size_t before = out.size(), wanted = std::min(kPiece, count - before);
    out.resize(before + wanted);
    in.read(out.data() + before, static_cast<std::streamsize>(wanted));
    out.resize(before + static_cast<std::size_t>(in.gcount()));
  }
  return out;
}

// The dictionary at the beginning; the array's bytes come next.
Result<std::string> read_header(std::istream& in, const std::string& path) {
  const std::string start = read_some(in, kMagic.size() + 2);
  if (!start.starts_with(kMagic) || start.size() < kMagic.size() + 2)
    return broken(path, "it is no .npy file");
  const int version = static_cast<unsigned char>(start[kMagic.size()]);
  if (version < 1 || version > 3)
    return broken(path, fmt::format("version {} of the format is not known", version));
  const std::string size = read_some(in, version == 1 ? 2 : 4);
  std::size_t length = 0;
  for (std::size_t i = size.size(); i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(size[i]);
  if (length > kLongestHeader)
    return broken(path, fmt::format("its header is said to have {} bytes", length));
  std::string header = read_some(in, length);
  if (header.size() < length || length == 0) return broken(path, "its header has no end");
  return header;
}

Result<DType> dtype_of(std::string_view descr, std::optional<DType> expected,
                       const std::string& path) {
  if (descr.starts_with("[")) return broken(path, "it holds records, not numbers");
  const std::size_t end = descr.find('\'', 1);
  if (!descr.starts_with("'") || end == std::string_view::npos || end < 3)
    return broken(path, "its header is damaged");
  const std::string_view code = descr.substr(2, end - 2);
  if (code.starts_with("O")) return broken(path, "it holds Python objects, not numbers");
  std::optional<DType> out;
  bool named = false;  // whether NumPy has the expected type itself
  for (const Kind& kind : kKinds) {
    if (kind.code == code) out = kind.dtype;
    named = named || kind.dtype == expected;
  }
  if (!out && expected && !named && code == fmt::format("V{}", byte_size(*expected)))
    out = expected;
  if (!out && code.starts_with('V'))
    return broken(path, fmt::format("its elements are {} bytes of no type, not {}", code.substr(1),
                                    expected ? numpy_name(*expected) : "numbers"));
  if (!out) return broken(path, fmt::format("its type {} is not known", code));
  if (descr[1] == '>' && byte_size(*out) > 1) return broken(path, "its bytes are big-endian");
  return *out;
}

}  // namespace

Result<Tensor> read_npy(const std::string& path, std::optional<DType> expected) {
  if (const auto why = why_unreadable(path)) return Error::usage(fmt::format("{}: {}", path, *why));
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error::usage(path + ": it cannot be read");
  JAXSMITH_TRY(header, read_header(file, path));
  const auto shape = shape_of(value_of(header, "shape"));
  if (!shape) return broken(path, "its header is damaged");
  JAXSMITH_TRY(dtype, dtype_of(value_of(header, "descr"), expected, path));
  const auto bytes = byte_count(dtype, *shape);
  if (!bytes) return broken(path, "its header says more elements than there can be");
  // Before anything goes by the shape.
  if (const auto why = why_no_array(Tensor{dtype, *shape, {}})) return broken(path, *why);
  const auto wanted = static_cast<std::size_t>(*bytes);
  Tensor out{dtype, *shape, read_some(file, wanted)};
  if (out.bytes.size() != wanted)
    return broken(path, fmt::format("it holds {} bytes of data, not {}", out.bytes.size(), wanted));
  if (file.peek() != std::ifstream::traits_type::eof())
    return broken(path, fmt::format("it holds more than the {} bytes of its array", wanted));
  if (value_of(header, "fortran_order").starts_with("True"))
    out.bytes = to_row_major(out.bytes, out.shape, byte_size(out.dtype));
  if (const auto why = why_no_array(out)) return broken(path, *why);
  return out;
}

std::string npy_bytes(const Tensor& tensor) {
  std::string code = fmt::format("|V{}", byte_size(tensor.dtype));
  for (const Kind& kind : kKinds)
    if (kind.dtype == tensor.dtype)
      code = (byte_size(kind.dtype) == 1 ? "|" : "<") + std::string(kind.code);
  const std::string shape =
      fmt::format("{}{}", fmt::join(tensor.shape, ", "), tensor.shape.size() == 1 ? "," : "");
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", code, shape);
  const std::size_t prefix = kMagic.size() + 4;
  header.append((kAlignment - (prefix + header.size() + 1) % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string out(kMagic);
  out += {'\x01', '\0', static_cast<char>(header.size() & 0xFF),
          static_cast<char>(header.size() >> 8)};
  out += header;
  out += tensor.bytes;
  return out;
}

}  // namespace jaxsmith::tensor
