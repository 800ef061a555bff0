# Prints the `wanted`-th of the ```cpp blocks of a Markdown file that match `having`.
/^```cpp/ { inside = 1; block = ""; next }
/^```/ {
  if (inside && block ~ having && ++found == wanted)
    printf "%s", block
  inside = 0
  next
}
inside { block = block $0 "\n" }
END {
  if (found < wanted)
    exit 1
}
