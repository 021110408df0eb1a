#!/usr/bin/env node
import "@spanstore/cli/bin";
