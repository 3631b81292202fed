# Writes the table of levels for the Python package: cmake -DPROGRAM=jaxsmith -DOUT=FILE -P this
execute_process(COMMAND ${PROGRAM} schema --python-levels OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${OUT}.new "${table}")
file(RENAME ${OUT}.new ${OUT})
