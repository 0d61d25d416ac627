// Recording for the life of a React tree.

import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect, useState } from "react";
import { INERT } from "./inert";
import { type Client, init, type Options } from "./index";

const RetraceContext = createContext<Client | undefined>(undefined);

export interface RetraceProviderProps {
  /** Read once, when the provider is first rendered. */
  options: Options;
  children?: ReactNode;
}

/** Records while it is mounted. Rendering alone starts nothing, so that strict mode and servers may render twice. */
export function RetraceProvider({ options, children }: RetraceProviderProps): ReactElement {
  const [client] = useState(() => (typeof window === "undefined" ? INERT : init({ ...options, autoStart: false })));
  const autoStart = options.autoStart ?? true;
  useEffect(() => {
    if (autoStart) client.start();
    return () => void client.stop();
  }, [client, autoStart]);
  return createElement(RetraceContext.Provider, { value: client }, children);
}

/** The client of the provider around; throws where there is none. */
export function useRetrace(): Client {
  const client = useContext(RetraceContext);
  if (!client) throw new Error("[retrace] useRetrace needs a <RetraceProvider> around it");
  return client;
}
