# Writes the table of levels for the Python package: cmake -DPROGRAM=jaxsmith -DOUT=FILE -P this
execute_process(COMMAND ${PROGRAM} schema --python-levels OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
if(EXISTS ${OUT})
  file(READ ${OUT} there)
endif()
if(NOT "${there}" STREQUAL "${table}")
  file(WRITE ${OUT}.new "${table}")
  file(RENAME ${OUT}.new ${OUT})
endif()
