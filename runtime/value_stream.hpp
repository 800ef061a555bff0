#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/serializer.hpp>

namespace runtime {

/// Writes values in CAF's binary form, in which numbers of floating point are their bits: what CAF 0.17 itself makes of
/// an infinity has no end, and NaN, -0.0 and the smallest numbers it does not keep. Both ends are the same program.
class value_writer final : public caf::serializer {
public:
  /// `context`: of the actor system, where actors' handles are among the values.
  explicit value_writer(std::string& to, caf::execution_unit* context = nullptr);

  caf::error begin_object(std::uint16_t& type, std::string& name) override;
  caf::error end_object() override;
  caf::error begin_sequence(std::size_t& size) override; ///< At most 2^32 - 1.
  caf::error end_sequence() override;
  caf::error apply_raw(std::size_t count, void* data) override;

protected:
  caf::error apply_impl(std::int8_t& x) override;
  caf::error apply_impl(std::uint8_t& x) override;
  caf::error apply_impl(std::int16_t& x) override;
  caf::error apply_impl(std::uint16_t& x) override;
  caf::error apply_impl(std::int32_t& x) override;
  caf::error apply_impl(std::uint32_t& x) override;
  caf::error apply_impl(std::int64_t& x) override;
  caf::error apply_impl(std::uint64_t& x) override;
  caf::error apply_impl(float& x) override;
  caf::error apply_impl(double& x) override;
  caf::error apply_impl(long double& x) override;
  caf::error apply_impl(std::string& x) override;
  caf::error apply_impl(std::u16string& x) override;
  caf::error apply_impl(std::u32string& x) override;

private:
  std::string& to_;
};

/// Reads what value_writer wrote. The bytes may be anybody's: what they cannot hold is an error before memory is taken
/// for it, and so are values in values so deep that reading them would overflow the stack.
class value_reader final : public caf::deserializer {
public:
  /// The bytes must stay.
  explicit value_reader(std::string_view from, caf::execution_unit* context = nullptr);

  std::size_t remaining() const noexcept { return rest_.size(); } ///< Bytes that are not read yet.

  caf::error begin_object(std::uint16_t& type, std::string& name) override;
  caf::error end_object() override;
  caf::error begin_sequence(std::size_t& size) override;
  caf::error end_sequence() override;
  caf::error apply_raw(std::size_t count, void* data) override;

protected:
  caf::error apply_impl(std::int8_t& x) override;
  caf::error apply_impl(std::uint8_t& x) override;
  caf::error apply_impl(std::int16_t& x) override;
  caf::error apply_impl(std::uint16_t& x) override;
  caf::error apply_impl(std::int32_t& x) override;
  caf::error apply_impl(std::uint32_t& x) override;
  caf::error apply_impl(std::int64_t& x) override;
  caf::error apply_impl(std::uint64_t& x) override;
  caf::error apply_impl(float& x) override;
  caf::error apply_impl(double& x) override;
  caf::error apply_impl(long double& x) override;
  caf::error apply_impl(std::string& x) override;
  caf::error apply_impl(std::u16string& x) override;
  caf::error apply_impl(std::u32string& x) override;

private:
  bool is_too_deep() const noexcept;

  std::string_view rest_;
  const void* outermost_; ///< The stack of who made this.
};

} // namespace runtime
