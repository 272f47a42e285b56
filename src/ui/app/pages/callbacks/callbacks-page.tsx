/** What is told to others: deliveries with their attempts, and the endpoints that are told of every job. */
import { Redirect, Route, Switch } from 'wouter'
import { OnlyFor } from '../../parts/only-for.tsx'
import { DeliveriesPage } from './deliveries-page.tsx'
import { DeliveryPage } from './delivery-page.tsx'
import { EndpointPage } from './endpoint-page.tsx'
import { EndpointsPage } from './endpoints-page.tsx'

export default function CallbacksPage() {
  return (
    <Switch>
      <Route path="/callbacks">
        <DeliveriesPage />
      </Route>
      <Route path="/callbacks/deliveries/:id">{({ id }) => <DeliveryPage key={id} id={id} />}</Route>
      <Route path="/callbacks/endpoints">
        <OnlyFor right="administer" title="Endpoints">
          <EndpointsPage />
        </OnlyFor>
      </Route>
      <Route path="/callbacks/endpoints/:id">
        {({ id }) => (
          <OnlyFor right="administer" title="Endpoint">
            <EndpointPage key={id} id={id} />
          </OnlyFor>
        )}
      </Route>
      <Route>
        <Redirect to="/callbacks" replace />
      </Route>
    </Switch>
  )
}
