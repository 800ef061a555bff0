#include "runtime/base/describe_exception.hpp"

#include "runtime/base/short_text.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <typeinfo>

namespace runtime {
namespace {

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name{abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         std::free};
  return status == 0 ? name.get() : type.name();
}

} // namespace

std::string describe_exception(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return short_text(readable(typeid(e)) + ": " + e.what());
  } catch (const std::string& text) {
    return short_text(text);
  } catch (const char* text) {
    return short_text(text);
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    return "an exception of type " + (type ? readable(*type) : "unknown");
  }
}

} // namespace runtime
