/* A library that is no plugin. */
int not_a_plugin;
