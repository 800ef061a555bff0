# Prints the `wanted`-th of the ```cpp blocks of a Markdown file that match `having`, between `before` and `after`.
/^```cpp/ { inside = 1; block = ""; next }
/^```/ {
  if (inside && block ~ having && ++found == wanted)
    printf "%s%s%s", before, block, after
  inside = 0
  next
}
inside { block = block $0 "\n" }
END {
  if (found < wanted)
    exit 1
}
