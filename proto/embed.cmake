# Writes the bytes of INPUT as a C array NAME with NAME_size into OUTPUT.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"descriptor_set.h\"\n\nconst uint8_t ${NAME}[] = {${bytes}};\n"
  "const size_t ${NAME}_size = ${size};\n")
