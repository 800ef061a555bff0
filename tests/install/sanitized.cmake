# Run by the consumer's project(): with sanitizers its programs need the options that this project's own have.
add_library(sanitizer_options OBJECT "${SANITIZER_OPTIONS}")
link_libraries(sanitizer_options)
